import { useState } from 'react';
import type { Attr, Trace } from '../../api/types';
import { textOf } from '../../gantt/attrs';
import type { Pick } from '../../gantt/hit';
import { roles, type Spans } from '../../gantt/spans';
import { Copy, IconButton, Link, ObjectLink, TimeLabel } from '../../parts';
import { grouped } from '../../text/counts';
import { formatOffset, formatSpan } from '../../time/format';
import { everything, type View } from '../../url/state';
import { changed } from '../../url/useView';

export interface SpanPanelProps {
  trace: Trace;
  spans: Spans;
  pick: Pick;
  view: View;
  /** How long the span is on the critical path; undefined: that is not shown. */
  share?: number | undefined;
  onPick: (pick: Pick) => void;
  onClose?: () => void;
}

/** All that a span, or an event on it, says of itself. */
export function SpanPanel({ trace, spans, pick, view, share, onPick, onClose }: SpanPanelProps) {
  const span = spans.of[pick.span];
  if (!span) return null;
  const event = pick.event >= 0 ? span.events?.[spans.eventOf[pick.event] ?? -1] : undefined;
  const attrs = event?.attrs ?? span.attrs;
  const start = event ? (spans.eventAt[pick.event] ?? 0) : (spans.start[pick.span] ?? 0);
  const took = (spans.end[pick.span] ?? 0) - start;
  const ref = refOf(span.attrs);
  return (
    <section className="span-panel" aria-label="Span">
      <header>
        <div className="span-panel-title">
          <h2>{event ? event.name : spans.role[pick.span] === roles.object ? 'Object' : span.name}</h2>
          <ObjectLink object={ref} view={view} />
        </div>
        {onClose && <IconButton small icon="cross" label="Close" onClick={onClose} />}
      </header>
      <dl className="span-panel-times">
        <dt>At</dt>
        <dd>
          <TimeLabel at={start} precision="milli" /> <span className="trace-dim">{formatOffset(start, spans.from)} from the trace’s start</span>
        </dd>
        {!event && (
          <>
            <dt>Length</dt>
            <dd>{formatSpan(took)}</dd>
          </>
        )}
        {share !== undefined && !event && (
          <>
            <dt>Critical</dt>
            <dd>{share > 0 ? `${formatSpan(share)} of it on the critical path` : 'not on the critical path'}</dd>
          </>
        )}
      </dl>
      {!event && span.status && <p className={span.failed ? 'span-panel-status is-failed' : 'span-panel-status'}>{span.status}</p>}
      <Attributes attrs={attrs} />
      <SpanLinks trace={trace} spans={spans} at={pick.span} view={view} onPick={onPick} />
      {!event && <Events spans={spans} span={pick.span} onPick={onPick} />}
      {event && (
        <button type="button" className="span-panel-up" onClick={() => onPick({ span: pick.span, event: -1 })}>
          Show the whole span
        </button>
      )}
    </section>
  );
}

function refOf(attrs: readonly Attr[] | undefined) {
  const word = (key: string) => textOf(attrs, key);
  return {
    cluster: word('cluster'), group: word('group'), version: word('version'), kind: word('kind'), resource: word('resource'), namespace: word('namespace'),
    name: word('name'), uid: word('uid'),
  };
}

/** Said in the head already. */
const headKeys = new Set(['kind', 'name', 'namespace', 'resource']);
const blockKeys = ['diff', 'verbose diff', 'manifest', 'notes', 'relations'];

function Attributes({ attrs }: { attrs: readonly Attr[] | undefined }) {
  const [all, setAll] = useState(false);
  const list = (attrs ?? []).filter((a) => !blockKeys.includes(a.key));
  const shown = all ? list : list.filter((a) => !headKeys.has(a.key));
  return (
    <>
      {blockKeys.map((key) => {
        const text = textOf(attrs, key);
        return text && <Block key={key} name={key} text={text} />;
      })}
      <table className="span-panel-attrs">
        <caption>
          Attributes
          <button type="button" onClick={() => setAll(!all)}>
            {all ? 'fewer' : `all ${list.length}`}
          </button>
        </caption>
        <tbody>
          {shown.map((a) => (
            <tr key={a.key}>
              <th scope="row">{a.key}</th>
              <td>
                <span className={a.key === 'code' && Number(a.value) >= 400 ? 'trace-bad' : ''}>{String(a.value)}</span>
                <Copy value={String(a.value)} label={a.key} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

const titles: Record<string, string> = { diff: 'What changed', 'verbose diff': 'And beside that', manifest: 'Last manifest', notes: 'Notes', relations: 'Relations' };

function Block({ name, text }: { name: string; text: string }) {
  const lines = (name === 'manifest' ? pretty(text) : text).split('\n');
  return (
    <details className="span-panel-block" open={name !== 'manifest'}>
      <summary>{titles[name] ?? name}</summary>
      <pre>
        {lines.map((line, i) => (
          <span key={i} className={line.startsWith('+ ') ? 'is-add' : line.startsWith('- ') ? 'is-remove' : ''}>
            {line}
            {'\n'}
          </span>
        ))}
      </pre>
    </details>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function SpanLinks({ trace, spans, at, view, onPick }: { trace: Trace; spans: Spans; at: number; view: View; onPick: (pick: Pick) => void }) {
  const links = spans.of[at]?.links ?? [];
  if (links.length === 0) return null;
  return (
    <div className="span-panel-list">
      <h3>Links</h3>
      <ul>
        {links.slice(0, 100).map((link, i) => {
          const why = textOf(link.attrs, 'why') || 'linked';
          const to = link.traceID === trace.traceID ? spans.of.findIndex((s) => s.spanID === link.spanID) : -1;
          return (
            <li key={i}>
              <span className="trace-dim">{why}</span>{' '}
              {to >= 0 ? (
                <button type="button" onClick={() => onPick({ span: to, event: -1 })}>
                  {spans.of[to]?.service} {spans.of[to]?.name}
                </button>
              ) : link.traceID === trace.traceID ? (
                <span>an object that this trace does not show</span>
              ) : (
                <Link to={changed(view, { set: everything, sel: undefined, words: { id: link.traceID, span: '', mode: '', modifier: '', fold: '', depth: '', zoom: '' } })}>
                  its trace
                </Link>
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

const firstEvents = 60;

function Events({ spans, span, onPick }: { spans: Spans; span: number; onPick: (pick: Pick) => void }) {
  const [most, setMost] = useState(firstEvents);
  const from = spans.eventFrom[span] ?? 0;
  const count = (spans.eventFrom[span + 1] ?? 0) - from;
  if (count === 0) return null;
  const list = Array.from({ length: Math.min(most, count) }, (_, k) => from + k);
  return (
    <div className="span-panel-list">
      <h3>
        Events on it <span className="trace-dim">{grouped(count)}</span>
      </h3>
      <ol>
        {list.map((e) => {
          const event = spans.of[span]?.events?.[spans.eventOf[e] ?? -1];
          const bad = textOf(event?.attrs, 'error') === 'true';
          return (
            <li key={e}>
              <button type="button" onClick={() => onPick({ span, event: e })} className={bad ? 'is-failed' : ''}>
                <span className="trace-dim">{formatOffset(spans.eventAt[e] ?? 0, spans.from)}</span>
                <span className="span-panel-event">
                  {bad && '⊘ '}
                  {event?.name} <span className="trace-dim">{textOf(event?.attrs, 'summary')}</span>
                </span>
              </button>
            </li>
          );
        })}
      </ol>
      {count > list.length && (
        <button type="button" className="span-panel-more" onClick={() => setMost(most + 500)}>
          Show {grouped(Math.min(500, count - list.length))} more of {grouped(count)}
        </button>
      )}
    </div>
  );
}
