import { useCallback, useMemo, useRef } from 'react';
import { newestOf, useLive } from '../../api/live';
import { useBounds, useConfig } from '../../api/server';
import type { Trace } from '../../api/types';
import { useAnswer } from '../../api/useAnswer';
import { textOf } from '../../gantt/attrs';
import { shareOf } from '../../gantt/critical';
import { nextMatch } from '../../gantt/find';
import type { Pick } from '../../gantt/hit';
import type { Gantt } from '../../gantt/mount';
import { spoken } from '../../gantt/names';
import { Copy, Empty, ErrorBox, ObjectLink, objectView, PageHeader, Skeleton, Unrecorded, useLack, WindowBar, windowOf } from '../../parts';
import type { Zone } from '../../time/format';
import type { Moment, Window } from '../../time/moment';
import { sentenceIn } from '../../time/sentence';
import { useZone } from '../../url/prefs';
import type { View } from '../../url/state';
import { go, goTo } from '../../url/useView';
import { GanttView } from './GanttView';
import { TraceBar } from './TraceBar';
import { TraceSide } from './TraceSide';
import { TraceList } from './TraceList';
import { TraceCount, TraceNotes } from './TraceNotes';
import { useModel } from './useModel';
import { useTraceKeys } from './useTraceKeys';
import { extentOf, parseZoom, printZoom, questionOf, selectionOf, turned } from './words';
import './trace.css';

export function TracePage({ view }: { view: View }) {
  const zone = useZone();
  const live = useLive();
  const config = useConfig();
  const newest = newestOf(live, view.set.cluster);
  const window = windowOf(view, view.follow === undefined || newest === undefined ? undefined : { to: newest });
  const question = questionOf(view, window);
  const answer = useAnswer<Trace>('trace', question, view.follow !== undefined || view.to === undefined ? live.version : 0);
  const lack = useLack(view.set.cluster);
  const trace = question ? answer.data : undefined;
  const model = useModel(trace, view);
  const chart = useRef<Gantt>(null);
  const findBox = useRef<HTMLInputElement>(null);
  const fold = (span: number) => {
    const id = model?.spans.of[span]?.spanID;
    if (id) go({ words: { fold: turned(view.words['fold'], id) } }, { replace: true });
  };
  const choose = (pick: Pick, how: { open?: boolean; quiet?: boolean } = {}) => {
    if (!model) return;
    if (how.open) return openObject(model.spans.of[pick.span]?.attrs, view);
    go(selectionOf(model.spans, pick), { replace: how.quiet ?? false });
    chart.current?.reveal(pick);
  };
  useTraceKeys({ view, model, chart, findBox, choose, fold });
  const zoomWord = view.words['zoom'];
  const zoom = useMemo(() => parseZoom(zoomWord), [zoomWord]);
  const onZoom = useCallback((next: Window | undefined) => go({ words: { zoom: printZoom(next) } }, { replace: true }), []);
  const onPoint = useCallback((at: Moment) => go({ at }), []);
  const step = (by: 1 | -1) => {
    const to = model && nextMatch(model.matches, model.pick?.span ?? -1, by);
    if (to !== undefined) choose({ span: to, event: -1 }, { quiet: true });
  };
  const share = useMemo(() => (model && model.path.length > 0 ? shareOf(model.spans, model.path) : undefined), [model]);
  if (lack && !trace) {
    return (
      <main className="trace-page" aria-label="Trace">
        <TraceHead view={view} trace={undefined} />
        <Unrecorded lack={lack} view={view} icon="tree">
          Here will stand an object, its owners and what it owns, on one time line.
        </Unrecorded>
      </main>
    );
  }
  return (
    <main className="trace-page" aria-label="Trace">
      <TraceHead view={view} trace={trace} />
      {question && <TraceBar view={view} trace={trace} model={model} jaeger={config?.jaeger ?? ''} question={question} findBox={findBox} onStep={step} />}
      {!question && <TraceList view={view} window={window} />}
      {question && answer.error && <div className="trace-wrong"><ErrorBox error={answer.error} retry={answer.retry} /></div>}
      {question && !trace && answer.loading && <div className="trace-wrong"><Skeleton lines={12} height={18} label="Assembling the trace" /></div>}
      {trace && model && (
        <>
          <div className="trace-facts">
            <TraceCount model={model} />
            <TraceNotes trace={trace} />
          </div>
          <div className={answer.stale ? 'trace-body is-stale' : 'trace-body'} aria-busy={answer.loading}>
            {model.spans.count === 0 ? (
              <Empty title="Nothing was recorded of it in this window" icon="tree">Choose a longer window, or another modifier.</Empty>
            ) : (
              <GanttView model={model} zone={zone} cursor={view.at} zoom={zoom} chart={chart} onPick={(pick, open) => choose(pick, { open })} onPoint={onPoint} onZoom={onZoom} onFold={fold} />
            )}
            {model.pick && <TraceSide view={view} trace={trace} model={model} pick={model.pick} share={share} onPick={choose} />}
          </div>
          <p className="visually-hidden" aria-live="polite">{model.pick ? spoken(model.spans, model.pick.span) : ''}</p>
        </>
      )}
    </main>
  );
}

function TraceHead({ view, trace }: { view: View; trace: Trace | undefined }) {
  const zone = useZone();
  const recorded = useBounds(trace?.object.cluster ?? view.set.cluster);
  const bounds = trace ? extentOf(trace, recorded) : recorded;
  const grid = trace && gridWords(trace, zone);
  return (
    <PageHeader
      title={trace ? <ObjectLink object={trace.object} view={view} /> : 'Traces'}
      sub={
        trace && (
          <span className="trace-id" title={grid}>
            trace <code>{trace.traceID}</code>
            <Copy value={trace.traceID} label="trace ID" />
          </span>
        )
      }
    >
      <WindowBar view={view} bounds={bounds} />
    </PageHeader>
  );
}

/** Which window the ID stands for: the question's, widened to a grid so that neighbouring questions have one trace. */
function gridWords(trace: Trace, zone: Zone): string {
  return sentenceIn(zone, `Grid window of the ID: ${trace.from} to ${trace.to}`);
}

function openObject(attrs: Parameters<typeof textOf>[0], view: View): void {
  const word = (key: string) => textOf(attrs, key);
  const to = objectView({ cluster: word('cluster'), group: word('group'), kind: word('kind'), resource: word('resource'), namespace: word('namespace'), name: word('name'), uid: word('uid') }, view);
  if (to) goTo(to);
}
