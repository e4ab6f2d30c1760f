import { useId, useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react';
import { formatClock, formatMoment, formatSpan, precisionFor, sameDay, type Zone } from '../time/format';
import type { Moment, Window } from '../time/moment';
import { rulerOf } from '../time/ruler';
import { scaleOf } from '../time/scale';
import { sentenceIn } from '../time/sentence';
import { dragged, gripAt, keyed, momentAt, pixelOf, type Axis, type Grip } from './brush';
import { columnPath, heightOf, notchPath, totals, type Columns, type Count } from './columns';
import type { Hole } from './holes';
import { barOf } from './stretches';
import { Tip } from './Tip';
import { useWidth } from './useWidth';
import './charts.css';

/** One strip of columns: its parts stand on each other. */
export interface TrackSpec {
  title: string;
  height: number;
  parts: { count: Count; name: string; tone: 'change' | 'failed' | 'normal' | 'warning' | 'read' }[];
}

export interface TimeColumnsProps {
  columns: Columns;
  tracks: readonly TrackSpec[];
  zone: Zone;
  /** The window that is chosen. */
  chosen?: Window | undefined;
  holes?: readonly Hole[];
  /** Drawn dimmed: what was there before, while something else loads. */
  stale?: boolean;
  label: string;
  /** A window is drawn, or none any more; done: it is chosen, the pointer was let go or a key was pressed. */
  choose: (window: Window | undefined, done: boolean) => void;
  /** What the key Enter does. */
  enter?: (() => void) | undefined;
  children?: ReactNode;
}

const gutter = 132;
const axisHeight = 20;
const space = 8;

/** How many columns a picture of this width has room for; in steps, so that a few pixels more ask for nothing new. */
export function binsFor(width: number): number {
  return Math.min(400, Math.max(40, Math.round((width - gutter) / 6 / 20) * 20));
}

/** Counts over time in strips on one time axis, with a brush that chooses a window by pointer and keys. */
export function TimeColumns(props: TimeColumnsProps) {
  const { columns, tracks, zone, chosen, label } = props;
  const [host, width] = useWidth<HTMLDivElement>();
  const brush = useBrush(props, { from: columns.from, to: columns.to, left: gutter, width: Math.max(1, width - gutter) });
  const { axis } = brush;
  const height = tracks.reduce((sum, track) => sum + track.height + space, 0);
  const shown = brush.draft ?? chosen;
  return (
    <div ref={host} className={props.stale ? 'time-columns time-columns-stale' : 'time-columns'} style={{ height: height + axisHeight }}>
      {width > 0 && (
        <div
          className={`time-columns-stage time-columns-${brush.shape}`}
          role="slider"
          tabIndex={0}
          aria-label={label}
          aria-valuemin={columns.from}
          aria-valuemax={columns.to}
          aria-valuenow={shown?.from ?? columns.from}
          aria-valuetext={shown ? `From ${formatMoment(shown.from, zone)} to ${formatMoment(shown.to, zone)}, ${formatSpan(shown.to - shown.from)}` : 'Everything'}
          title=""
          {...brush.handlers}
        >
          <svg width={width} height={height + axisHeight} aria-hidden>
            <Holes holes={props.holes ?? []} axis={axis} height={height} />
            <Tracks columns={columns} tracks={tracks} axis={axis} shown={shown} />
            <AxisLine axis={axis} zone={zone} y={height} />
            {shown && <Band window={shown} axis={axis} height={height} />}
            {brush.x !== undefined && <line className="time-columns-guide" x1={brush.x} x2={brush.x} y1={0} y2={height} />}
          </svg>
          {brush.x !== undefined && <Hovered {...props} x={brush.x} axis={axis} width={width} draft={brush.draft} />}
        </div>
      )}
      {props.children}
    </div>
  );
}

/** Pointer and keys: where the pointer is, and the window as it is being drawn. */
function useBrush({ columns, chosen, choose, enter }: TimeColumnsProps, axis: Axis) {
  const grip = useRef<Grip | undefined>(undefined);
  const [draft, setDraft] = useState<Window>();
  const [x, setX] = useState<number>();
  const xOf = (event: PointerEvent) => event.clientX - event.currentTarget.getBoundingClientRect().left;
  const over = x === undefined ? undefined : gripAt(x, axis, chosen).does;
  const handlers = {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0 || xOf(event) < axis.left - 4) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      grip.current = gripAt(xOf(event), axis, chosen);
    },
    onPointerMove: (event: PointerEvent) => {
      const at = xOf(event);
      setX(at >= axis.left ? Math.min(at, axis.left + axis.width) : undefined);
      if (!grip.current) return;
      const next = dragged(grip.current, at, axis);
      setDraft(next);
      if (next) choose(next, false);
    },
    onPointerUp: (event: PointerEvent) => {
      const held = grip.current;
      grip.current = undefined;
      setDraft(undefined);
      if (!held) return;
      const next = dragged(held, xOf(event), axis);
      if (held.does === 'new' && !next) choose(undefined, true);
      else if (next && (next.from !== chosen?.from || next.to !== chosen.to)) choose(next, true);
    },
    onPointerCancel: () => {
      if (grip.current) choose(undefined, false);
      grip.current = undefined;
      setDraft(undefined);
    },
    onPointerLeave: () => setX(undefined),
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key === 'Enter' && enter) {
        event.preventDefault();
        enter();
        return;
      }
      const next = keyed(event, chosen, columns, Math.max(1, columns.bin));
      if (!next) return;
      event.preventDefault();
      event.stopPropagation();
      choose(next === 'clear' ? undefined : next, true);
    },
  };
  const shape = over === 'from' || over === 'to' ? 'edge' : over === 'move' ? 'grab' : 'draw';
  return { axis, draft, x, handlers, shape };
}

function Tracks({ columns, tracks, axis, shown }: { columns: Columns; tracks: readonly TrackSpec[]; axis: Axis; shown: Window | undefined }) {
  const sums = totals(columns, shown?.from ?? columns.from, shown?.to ?? columns.to + 1);
  const heads = tracks.map((_, i) => tracks.slice(0, i).reduce((sum, track) => sum + track.height + space, 0));
  return tracks.map((track, i) => {
    const head = heads[i] ?? 0;
    const stacked = Float64Array.from({ length: columns.length }, (_, k) => track.parts.reduce((sum, part) => sum + (columns.of[part.count][k] ?? 0), 0));
    const { top, cut } = heightOf(stacked);
    const place = { left: axis.left, width: axis.width, base: head + track.height, height: track.height - 2, top, gap: axis.width / Math.max(1, columns.length) > 3 ? 1 : 0 };
    let below: Float64Array | undefined;
    const named = track.parts.length > 1 && track.height >= 30 ? track.parts.filter((part) => sums[part.count] > 0) : [];
    return (
      <g key={track.title}>
        <text className="time-columns-title" x={0} y={head + 12}>
          {track.title}
        </text>
        {(named.length > 0 ? named : [undefined]).map((part, k) => (
          <text key={part?.count ?? 'sum'} className="time-columns-sum" x={0} y={head + 27 + 13 * k}>
            {(part ? sums[part.count] : track.parts.reduce((sum, one) => sum + sums[one.count], 0)).toLocaleString('en')}
            {part && <tspan className="time-columns-part"> {part.name}</tspan>}
          </text>
        ))}
        <text className="time-columns-top" x={axis.left - 6} y={head + 9}>
          {top > 1 ? `${cut ? '>' : ''}${top.toLocaleString('en')}` : ''}
        </text>
        <line className="time-columns-top-line" x1={axis.left} x2={axis.left + axis.width} y1={head + 1.5} y2={head + 1.5} />
        {track.parts.map((part) => {
          const path = columnPath(columns.of[part.count], place, below);
          below = sumOf(columns.of[part.count], below);
          return <path key={part.count} className={`time-columns-${part.tone}`} d={path} />;
        })}
        {cut && <path className="time-columns-notch" d={notchPath(stacked, place)} />}
        <line className="time-columns-base" x1={axis.left} x2={axis.left + axis.width} y1={head + track.height + 0.5} y2={head + track.height + 0.5} />
      </g>
    );
  });
}

function sumOf(a: Float64Array, b: Float64Array | undefined): Float64Array {
  return b ? a.map((value, i) => value + (b[i] ?? 0)) : a;
}

function AxisLine({ axis, zone, y }: { axis: Axis; zone: Zone; y: number }) {
  const ruler = rulerOf(scaleOf(axis, axis.width), zone, 88);
  const inside = (at: Moment) => at >= axis.from && at <= axis.to;
  return (
    <g className="time-columns-axis">
      {ruler.minor.filter(inside).map((at) => (
        <line key={at} x1={pixelOf(at, axis)} x2={pixelOf(at, axis)} y1={y - space + 1} y2={y - space + 4} />
      ))}
      {ruler.ticks.filter((tick) => inside(tick.at)).map((tick) => {
        const x = pixelOf(tick.at, axis);
        const anchor = x < axis.left + 24 ? 'start' : x > axis.left + axis.width - 28 ? 'end' : 'middle';
        return (
          <g key={tick.at}>
            <line x1={x} x2={x} y1={y - space + 1} y2={y - space + 6} />
            <text x={x} y={y + 11} textAnchor={anchor}>
              {tick.label}
            </text>
          </g>
        );
      })}
    </g>
  );
}

function Holes({ holes, axis, height }: { holes: readonly Hole[]; axis: Axis; height: number }) {
  const id = useId();
  return (
    <>
      <defs>
        <pattern id={id} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <line className="chart-hatch-line" x1="1" x2="1" y1="0" y2="6" />
        </pattern>
      </defs>
      {holes.map((hole, i) => {
        const bar = barOf(hole, axis, axis.width);
        // What was seen in part keeps the columns readable: a thin line below them says so.
        const place = hole.partly ? { y: height - space + 2, height: 5 } : { y: 0, height: height - space };
        const rect = { x: axis.left + bar.x, width: bar.width, ...place };
        return (
          <g key={i}>
            <rect className="chart-hatch-ground" {...rect} />
            <rect fill={`url(#${id})`} {...rect} />
          </g>
        );
      })}
    </>
  );
}

function Band({ window, axis, height }: { window: Window; axis: Axis; height: number }) {
  const end = axis.left + axis.width;
  const left = Math.min(end, Math.max(axis.left, pixelOf(window.from, axis)));
  const right = Math.min(end, Math.max(axis.left, pixelOf(window.to, axis)));
  const wide = Math.max(1.5, right - left);
  return (
    <g>
      <rect className="time-columns-outside" x={axis.left} width={Math.max(0, left - axis.left)} y={0} height={height - space + 1} />
      <rect className="time-columns-outside" x={left + wide} width={Math.max(0, end - left - wide)} y={0} height={height - space + 1} />
      <rect className="time-columns-band" x={left} width={wide} y={0} height={height - space + 1} />
      {[left, left + wide].map((x, i) => (
        <rect key={i} className="time-columns-grip" x={x - 2} width={4} y={(height - space) / 2 - 11} height={22} rx={2} />
      ))}
    </g>
  );
}

function Hovered({ columns, tracks, zone, holes, x, axis, width, draft }: TimeColumnsProps & { x: number; axis: Axis; width: number; draft: Window | undefined }) {
  const at = momentAt(x, axis);
  const i = Math.min(columns.length - 1, Math.floor((at - columns.from) / columns.bin));
  if (i < 0) return null;
  const from = columns.from + i * columns.bin;
  const precision = precisionFor(columns.bin / 2);
  const drawn = draft && sameDay(draft.from, draft.to, zone) ? (at: Moment) => formatClock(at, zone, precision) : (at: Moment) => formatMoment(at, zone, precision);
  const touched = (holes ?? []).filter((hole) => hole.from <= from + columns.bin && hole.to >= from);
  return (
    <Tip x={x} y={0} width={width}>
      <div className="chart-tip-head">
        {draft ? (
          <>
            {drawn(draft.from)} – {drawn(draft.to)} <b>{formatSpan(draft.to - draft.from)}</b>
          </>
        ) : (
          <>
            {formatMoment(from, zone, precision)} <b>+{formatSpan(columns.bin)}</b>
          </>
        )}
      </div>
      <table>
        <tbody>
          {tracks.flatMap((track) =>
            track.parts.map((part) => (
              <tr key={part.count} className={columns.of[part.count][i] ? '' : 'chart-tip-none'}>
                <td>
                  <i className={`chart-key chart-key-${part.tone}`} />
                  {part.name}
                </td>
                <td>{(columns.of[part.count][i] ?? 0).toLocaleString('en')}</td>
              </tr>
            )),
          )}
        </tbody>
      </table>
      {touched.slice(0, 2).map((hole, k) => (
        <p key={k} className="chart-tip-hole">
          {sentenceIn(zone, hole.gap.sentence)}
        </p>
      ))}
    </Tip>
  );
}
