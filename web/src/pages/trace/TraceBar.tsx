import { useRef, useState } from 'react';
import { ApiError } from '../../api/client';
import type { Services, Trace } from '../../api/types';
import { useAnswer } from '../../api/useAnswer';
import { linkTo, traceCommand, useAsker } from '../../copy';
import { Button, copiedWords, Icon, IconButton, Menu, Segments, useCopy, useSeen } from '../../parts';
import { grouped } from '../../text/counts';
import type { View } from '../../url/state';
import { go } from '../../url/useView';
import { download } from './download';
import type { Model } from './useModel';

export interface TraceBarProps {
  view: View;
  trace: Trace | undefined;
  model: Model | undefined;
  jaeger: string;
  question: Parameters<typeof download>[1] | undefined;
  findBox: React.RefObject<HTMLInputElement | null>;
  onStep: (step: 1 | -1) => void;
}

const modes = ['tracing', 'grouped', 'tree', 'timeline'];
const about: Record<string, string> = {
  tracing: 'One row for each object, its records as marks on it', grouped: 'As tracing, with a row for each kind of source',
  tree: 'Every record a row of its own below its object', timeline: 'Every record a row of its own, in order of time',
  alone: 'The object', ancestors: 'The object and its owners', owned: 'The object and what it owns', 'full tree': 'Everything below the topmost owner',
};

/** How the trace is shown: mode, which objects, what counts, finding, and what leads elsewhere. */
export function TraceBar({ view, trace, model, jaeger, question, findBox, onStep }: TraceBarProps) {
  const services = useAnswer<Services>('services', {});
  const { words } = view;
  const mode = trace?.mode ?? (words['mode'] || 'tracing');
  const known = namesOf(services.data);
  const ask = (change: Record<string, string>) => go(asked(view, trace, change));
  return (
    <div className="trace-bar" role="toolbar" aria-label="How the trace is shown">
      <Segments
        small
        label="Display mode"
        value={mode}
        options={(known.modes.length > 0 ? known.modes : modes).map((value) => ({ value, label: value, title: about[value] ?? 'A mode of this server' }))}
        onChange={(value) => ask({ mode: value, depth: '', fold: '' })}
      />
      <Menu
        label={`Which objects: ${trace?.modifier || 'all related'}`}
        className="button button-small"
        items={[
          { label: 'of the mode', hint: 'The object, its owners, and what it owns', checked: !trace?.modifier, run: () => ask({ modifier: '' }) },
          ...known.modifiers.map((value) => ({ label: value, hint: about[value] ?? 'A modifier of this server', checked: trace?.modifier === value, run: () => ask({ modifier: value }) })),
        ]}
      >
        <Icon name="tree" size={14} /> {trace?.modifier || 'all related'} <Icon name="down" size={12} />
      </Menu>
      <Options view={view} ask={ask} />
      <span className="trace-bar-rule" />
      <Find view={view} model={model} findBox={findBox} onStep={onStep} />
      <Button small look="quiet" icon="filter" on={words['failed'] === 'true'} title="Only what failed (e)" onClick={() => go({ words: { failed: words['failed'] === 'true' ? '' : 'true' } })}>
        Failed only
      </Button>
      <Button small look="quiet" icon="link" on={words['path'] === 'true'} title="The chain of spans that determined when the trace ended (c)" onClick={() => go({ words: { path: words['path'] === 'true' ? '' : 'true' } })}>
        Critical path
      </Button>
      <Depth model={model} />
      <span className="trace-bar-space" />
      {trace && question && <Elsewhere trace={trace} view={view} jaeger={jaeger} question={question} />}
    </div>
  );
}

/** The view that asks something else of the same object: a trace known by its ID is asked for by its object then. */
function asked(view: View, trace: Trace | undefined, words: Record<string, string>) {
  if (!view.words['id'] || !trace) return { words };
  const { object } = trace;
  return {
    set: { ...view.set, cluster: object.cluster, namespace: object.namespace ?? '', object: `uid:${object.uid ?? ''}` },
    from: Date.parse(trace.from) * 1000, to: Date.parse(trace.to) * 1000,
    words: { mode: trace.mode, modifier: trace.modifier ?? '', ...words, id: '' },
  };
}

function namesOf(services: Services | undefined): { modes: string[]; modifiers: string[] } {
  const found = { modes: new Set<string>(), modifiers: new Set<string>() };
  for (const name of services?.services ?? []) {
    const space = name.indexOf(' ');
    if (space < 0) found.modes.add(name);
    else found.modifiers.add(name.slice(space + 1));
  }
  return { modes: [...found.modes], modifiers: [...found.modifiers] };
}

function Options({ view, ask }: { view: View; ask: (change: Record<string, string>) => void }) {
  const on = (word: string) => view.words[word] === 'true';
  const item = (word: string, label: string, hint: string) => ({ label, hint, checked: on(word), run: () => ask({ [word]: on(word) ? '' : 'true' }) });
  const count = ['fullLife', 'verbose', 'reads'].filter(on).length;
  return (
    <Menu
      label={`Options${count > 0 ? ` · ${count}` : ''}: what counts`}
      className={count > 0 ? 'button button-small button-quiet button-on' : 'button button-small button-quiet'}
      items={[
        item('fullLife', 'Whole lives', 'Objects from creation to end, not from first to last record'),
        item('verbose', 'Verbose', 'Changes of resourceVersion and generation too'),
        item('reads', 'Reads', 'get, list and watch requests too'),
      ]}
    >
      Options{count > 0 && ` · ${count}`} <Icon name="down" size={12} />
    </Menu>
  );
}

function Find({ view, model, findBox, onStep }: Pick<TraceBarProps, 'view' | 'model' | 'findBox' | 'onStep'>) {
  const text = view.words['find'] ?? '';
  const count = model?.matches.length ?? 0;
  const at = model?.pick ? model.matches.indexOf(model.pick.span) : -1;
  return (
    <div className="trace-find">
      <Icon name="search" size={14} />
      <input
        ref={findBox}
        value={text}
        placeholder="Find in this trace"
        aria-label="Find in this trace"
        spellCheck={false}
        onChange={(event) => go({ words: { find: event.target.value } }, { replace: true })}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onStep(event.shiftKey ? -1 : 1);
          if (event.key === 'Escape') (event.target as HTMLElement).blur();
        }}
      />
      {text && (
        <>
          <span className={count === 0 ? 'trace-find-count trace-bad' : 'trace-find-count'} role="status">
            {count === 0 ? 'none' : at >= 0 ? `${at + 1} of ${grouped(count)}` : grouped(count)}
          </span>
          <IconButton small icon="up" label="The match before (N)" disabled={count === 0} onClick={() => onStep(-1)} />
          <IconButton small icon="down" label="The next match (n)" disabled={count === 0} onClick={() => onStep(1)} />
        </>
      )}
    </div>
  );
}

function Depth({ model }: { model: Model | undefined }) {
  const levels = Math.min(model?.deepest ?? 0, 6);
  const set = (depth: number) => go({ words: { depth: String(depth), fold: '' } });
  return (
    <Menu
      label="Depth to open to"
      className="button button-small button-quiet"
      items={[
        { label: 'Collapse all', keyName: '<', run: () => set(0) },
        ...Array.from({ length: Math.max(0, levels - 1) }, (_, i) => ({ label: `${i + 1} ${i === 0 ? 'level' : 'levels'}`, checked: model?.depth === i + 1, run: () => set(i + 1) })),
        { label: 'Expand all', keyName: '>', run: () => set((model?.deepest ?? 0) + 1) },
      ]}
    >
      Depth <Icon name="down" size={12} />
    </Menu>
  );
}

function Elsewhere({ trace, view, jaeger, question }: { trace: Trace; view: View; jaeger: string; question: NonNullable<TraceBarProps['question']> }) {
  const [wrong, setWrong] = useState('');
  const command = traceCommand(trace, view.words, useAsker());
  const link = linkTo(useSeen(view));
  const { done, copy } = useCopy();
  const busy = useRef(false);
  const save = async (form: 'otlp' | 'jaeger') => {
    if (busy.current) return;
    busy.current = true;
    try {
      await download(form, question, trace);
      setWrong('');
    } catch (error) {
      setWrong(error instanceof ApiError ? error.message : String(error));
    } finally {
      busy.current = false;
    }
  };
  return (
    <>
      {wrong && <span className="trace-bad" role="alert">{wrong}</span>}
      {jaeger && (
        <a className="button button-small" href={`${jaeger.replace(/\/$/, '')}/trace/${trace.traceID}`} target="_blank" rel="noreferrer">
          <Icon name="open" size={14} /> Open in Jaeger
        </a>
      )}
      <Menu
        label="Export this trace"
        className="button button-small"
        align="end"
        items={[
          { label: 'Download as OTLP JSON', hint: 'For any OpenTelemetry collector', run: () => void save('otlp') },
          { label: 'Download as Jaeger JSON', hint: 'For Jaeger’s upload', run: () => void save('jaeger') },
          { label: 'Copy trace ID', icon: 'copy', hint: trace.traceID, group: 'copy', run: () => copy(trace.traceID) },
          { label: 'Copy command', icon: 'terminal', hint: command, group: 'copy', run: () => copy(command) },
          { label: 'Copy link', icon: 'link', group: 'copy', run: () => copy(link) },
        ]}
      >
        {done === 'copied' ? copiedWords[done] : 'Export'} <Icon name="down" size={12} />
      </Menu>
      <span className={done === 'failed' ? 'trace-bad' : 'visually-hidden'} role="status">{copiedWords[done]}</span>
    </>
  );
}
