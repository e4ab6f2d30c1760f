import { IconButton } from '../../parts';
import { formatMoment, formatOffset, precisionFor } from '../../time/format';
import type { Moment, Window } from '../../time/moment';
import { rulerOf } from '../../time/ruler';
import { scaleOf, timeAt, xOf } from '../../time/scale';
import { useZone } from '../../url/prefs';
import { useWidth } from '../../charts/useWidth';
import { columnsOf, neighbours } from './columns';

export interface ScrubberProps {
  window: Window;
  at: Moment;
  /** When objects or links come or go. */
  changes: readonly Moment[];
  onMove: (at: Moment, dragging: boolean) => void;
}

const height = 40;

/** The time of the graph: a strip with a tick for each change of it, and the cursor on it. */
export function Scrubber({ window, at, changes, onMove }: ScrubberProps) {
  const zone = useZone();
  const [host, width] = useWidth<HTMLDivElement>();
  const scale = scaleOf(window, width);
  const ruler = rulerOf(scale, zone);
  const columns = columnsOf(changes, scale.from, scale.perPixel * 3);
  const most = Math.max(1, ...columns.map(([, count]) => count));
  const move = (event: React.PointerEvent<HTMLDivElement>) => {
    if (event.buttons !== 1) return;
    const box = event.currentTarget.getBoundingClientRect();
    onMove(Math.min(window.to, Math.max(window.from, timeAt(scale, event.clientX - box.left))), true);
  };
  const x = xOf(scale, at);
  const [before, after] = neighbours(changes, at);
  const precision = precisionFor(scale.perPixel);
  return (
    <div className="graph-time">
      <IconButton small icon="left" label="Change before (,)" disabled={before === undefined} onClick={() => before !== undefined && onMove(before, false)} />
      <div
        ref={host}
        className="graph-time-strip"
        role="slider"
        tabIndex={0}
        aria-label="Time of the graph"
        aria-valuemin={0}
        aria-valuemax={Math.round((window.to - window.from) / 1000)}
        aria-valuenow={Math.round((at - window.from) / 1000)}
        aria-valuetext={formatMoment(at, zone, precision)}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          move(event);
        }}
        onPointerMove={move}
        onKeyDown={(event) => {
          const to = event.key === 'ArrowLeft' ? before : event.key === 'ArrowRight' ? after : event.key === 'Home' ? window.from : event.key === 'End' ? window.to : undefined;
          if (to === undefined) return;
          event.preventDefault();
          event.stopPropagation();
          onMove(to, false);
        }}
      >
        <svg width={width} height={height} aria-hidden>
          {ruler.ticks.filter((tick) => tick.at >= scale.from && xOf(scale, tick.at) < width - 56).map((tick) => (
            <g key={tick.at} transform={`translate(${Math.round(xOf(scale, tick.at))} 0)`}>
              <line y1={height - 14} y2={height} className="graph-time-tick" />
              <text x={4} y={height - 4}>
                {tick.label}
              </text>
            </g>
          ))}
          {columns.map(([moment, count]) => (
            <rect key={moment} x={xOf(scale, moment)} width={2.5} y={22 - bar(count, most)} height={bar(count, most)} className="graph-time-change" />
          ))}
          <line x1={0} x2={width} y1={22.5} y2={22.5} className="graph-time-tick" />
          <line x1={x} x2={x} y1={0} y2={height} className="graph-time-cursor" />
          <circle cx={x} cy={5} r={4.5} className="graph-time-knob" />
        </svg>
      </div>
      <IconButton small icon="right" label="Next change (.)" disabled={after === undefined} onClick={() => after !== undefined && onMove(after, false)} />
      <div className="graph-time-at">
        <span>as of {formatMoment(at, zone, precision === 'day' || precision === 'minute' ? 'second' : precision)}</span>
        <small>{formatOffset(at, window.from)} from the window’s start</small>
      </div>
    </div>
  );
}

function bar(count: number, most: number): number {
  return 4 + (14 * Math.log2(1 + count)) / Math.log2(1 + most);
}
