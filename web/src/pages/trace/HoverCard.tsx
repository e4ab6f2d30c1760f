import { useLayoutEffect, useRef } from 'react';
import { numberOf, textOf } from '../../gantt/attrs';
import type { Hit } from '../../gantt/hit';
import { nameOf } from '../../gantt/names';
import { roles, type Spans } from '../../gantt/spans';
import { actorShort } from '../../text/actors';
import { hueVar } from '../../theme/hues';
import { formatMoment, formatOffset, formatSpan, type Zone } from '../../time/format';
import { beside } from './beside';

export interface Hovered {
  hit: Hit;
  x: number;
  y: number;
}

/** A short card beside the pointer: what it is, when, who, and what changed. */
export function HoverCard({ spans, hovered, zone }: { spans: Spans; hovered: Hovered; zone: Zone }) {
  const card = useRef<HTMLDivElement>(null);
  const { hit, x, y } = hovered;
  useLayoutEffect(() => {
    const host = card.current?.parentElement?.getBoundingClientRect();
    if (!card.current || !host) return;
    // What stands beside the chart lies above it.
    card.current.style.maxWidth = `${Math.min(460, host.width - 16)}px`;
    const at = beside(x, y, card.current.getBoundingClientRect(), host);
    card.current.style.left = `${at.left}px`;
    card.current.style.top = `${at.top}px`;
  }, [x, y, hit]);
  const span = spans.of[hit.span];
  const event = hit.event >= 0 ? span?.events?.[spans.eventOf[hit.event] ?? -1] : undefined;
  const attrs = event?.attrs ?? span?.attrs;
  const name = nameOf(spans, hit.span);
  const start = hit.event >= 0 ? (spans.eventAt[hit.event] ?? 0) : (spans.start[hit.span] ?? 0);
  const took = event ? '' : formatSpan((spans.end[hit.span] ?? 0) - start);
  const diff = textOf(attrs, 'diff').split('\n').filter(Boolean);
  const object = !event && spans.role[hit.span] === roles.object;
  const said = event ? textOf(attrs, 'summary') || textOf(attrs, 'message') : object ? (span?.status ?? '') : textOf(attrs, 'summary') || (span?.status ?? '');
  const count = numberOf(attrs, 'count');
  return (
    <div className="trace-card" ref={card} role="tooltip">
      <div className="trace-card-head">
        {(name.chip || event) && (
          <span className="gantt-chip" style={{ '--hue': hueVar(name.service) } as React.CSSProperties}>
            {name.chip || name.service}
          </span>
        )}
        <strong>{event ? event.name : name.title}</strong>
        <span className="trace-card-dim">{event ? name.title : name.aside}</span>
      </div>
      <div className="trace-card-dim">
        {formatMoment(start, zone, 'milli')} · {formatOffset(start, spans.from)}
        {took && ` · ${took}`}
        {count > 1 && ` · ×${count}`}
      </div>
      <Who attrs={attrs} />
      {said && <p>{said}</p>}
      {diff.length > 0 && (
        <pre>
          {diff.slice(0, 6).map((line, i) => (
            <span key={i} className={line.startsWith('+ ') ? 'is-add' : line.startsWith('- ') ? 'is-remove' : ''}>
              {line}
              {'\n'}
            </span>
          ))}
          {diff.length > 6 && <span className="trace-card-dim">{diff.length - 6} more</span>}
        </pre>
      )}
      {object && <Counts records={numberOf(attrs, 'records')} failed={numberOf(attrs, 'failed')} />}
    </div>
  );
}

function Who({ attrs }: { attrs: Parameters<typeof textOf>[0] }) {
  const [user, code, verb] = [textOf(attrs, 'user'), textOf(attrs, 'code'), textOf(attrs, 'verb')];
  if (!user && !code) return null;
  return (
    <div>
      {user && actorShort(user)}
      {code && (
        <span className={Number(code) >= 400 ? 'trace-card-bad' : 'trace-card-dim'}>
          {' '}
          · {verb} {code}
        </span>
      )}
      {textOf(attrs, 'certainty') && <span className="trace-card-dim"> · {textOf(attrs, 'certainty')}</span>}
    </div>
  );
}

function Counts({ records, failed }: { records: number; failed: number }) {
  return (
    <div className="trace-card-dim">
      {records} records{failed > 0 && <span className="trace-card-bad"> · ⊘ {failed} failed</span>}
    </div>
  );
}
