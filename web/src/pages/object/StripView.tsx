import { useContext, useEffect, useMemo, useRef, useState, useSyncExternalStore, type PointerEvent } from 'react';
import { useWidth } from '../../charts/useWidth';
import { Dated, Skeleton } from '../../parts';
import { onThemeChange, readPalette } from '../../theme/palette';
import { formatClock, formatMoment, formatSpan, precisionFor, type Zone } from '../../time/format';
import type { Moment } from '../../time/moment';
import { scaleOf, timeAt, xOf } from '../../time/scale';
import { sentenceIn } from '../../time/sentence';
import { useZone } from '../../url/prefs';
import { go } from '../../url/useView';
import { drawStrip, places } from './drawStrip';
import { stripOfHistory, stripOfLane, type Strip } from './strip';
import { stepRevision, type ObjectData } from './useObject';
import './StripView.css';

const sides = 16;

/** The object's life from end to end: its states, requests and Events; a click or a drag sets the cursor. */
export function StripView({ data }: { data: ObjectData }) {
  const { window, lanes, entries } = data;
  const lane = lanes.data?.lanes[0];
  const strip = useMemo(() => {
    if (!window) return undefined;
    const tells = lane && !lane.error && (lane.records > 0 || (lane.bars?.length ?? 0) > 0);
    return tells && lanes.data ? stripOfLane(lane, lanes.data, lanes.data.bin) : stripOfHistory(entries, window);
  }, [window, lane, lanes.data, entries]);
  if (!strip || (lanes.loading && !lane)) {
    return <div className="object-strip">{data.history.error ? null : <Skeleton lines={1} height={40} label="Loading the time strip" />}</div>;
  }
  return <Drawn strip={strip} data={data} />;
}

function Drawn({ strip, data }: { strip: Strip; data: ObjectData }) {
  const [host, width] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [hover, setHover] = useState<Moment>();
  const zone = useZone();
  const theme = useTheme();
  const scale = useMemo(() => scaleOf(strip.window, Math.max(1, width - 2 * sides)), [strip.window, width]);

  useEffect(() => {
    const c = canvas.current?.getContext('2d');
    if (!c || !canvas.current || width < 2) return;
    const ratio = devicePixelRatio || 1;
    canvas.current.width = Math.round(width * ratio);
    canvas.current.height = Math.round(places.height * ratio);
    c.setTransform(ratio, 0, 0, ratio, sides * ratio, 0);
    drawStrip(c, strip, scale, readPalette(), zone);
  }, [strip, scale, width, zone, theme]);

  const at = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    const x = Math.max(0, Math.min(scale.width, event.clientX - box.left - sides));
    return snapped(strip, timeAt(scale, x), 4 * scale.perPixel);
  };
  const dated = useContext(Dated);
  const cursor = data.at;
  const shown = cursor === undefined ? undefined : xOf(scale, cursor) + sides;
  const words = cursor === undefined ? 'no cursor' : `${formatMoment(cursor, zone, 'milli')}, ${data.index < 0 ? 'before the first revision' : `revision ${data.index + 1} of ${data.revisions.length}`}`;
  return (
    <div
      ref={host}
      className="object-strip"
      role="slider"
      tabIndex={0}
      aria-label="Time cursor on the object's life"
      aria-valuemin={0}
      aria-valuemax={data.revisions.length}
      aria-valuenow={data.index + 1}
      aria-valuetext={words}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        go({ at: at(event), sel: undefined });
      }}
      onPointerMove={(event) => {
        setHover(at(event));
        if (event.buttons & 1) go({ at: at(event), sel: undefined }, { replace: true });
      }}
      onPointerLeave={() => setHover(undefined)}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1, Home: 'first', End: 'last' } as const;
        const by = step[event.key as keyof typeof step];
        if (by === undefined) return;
        event.preventDefault();
        stepRevision(data, by);
      }}
    >
      <canvas ref={canvas} style={{ width: '100%', height: places.height }} aria-hidden />
      {hover !== undefined && (
        <span className="object-strip-hover" style={{ left: xOf(scale, hover) + sides }}>
          <span className={xOf(scale, hover) > scale.width - (dated ? 230 : 150) ? 'object-strip-tip object-strip-tip-left' : 'object-strip-tip'}>
            {pointed(hover, zone, scale.perPixel, dated)}
            {cursor !== undefined && !data.newest && hover !== cursor ? ` (${hover > cursor ? '+' : '−'}${formatSpan(Math.abs(hover - cursor))})` : ''}
            <Near strip={strip} at={hover} within={5 * scale.perPixel} zone={zone} />
          </span>
        </span>
      )}
      {shown !== undefined && shown >= 0 && shown <= width && (
        <span className={data.newest ? 'object-strip-cursor object-strip-cursor-newest' : 'object-strip-cursor'} style={{ left: shown }} />
      )}
    </div>
  );
}

/** The moment below the pointer, as precisely as one can point. */
function pointed(at: Moment, zone: Zone, perPixel: number, dated: boolean): string {
  const precision = precisionFor(perPixel);
  return dated ? formatMoment(at, zone, precision === 'day' ? 'minute' : precision) : formatClock(at, zone, precision);
}

/** What stands nearest to the pointer. */
function Near({ strip, at, within, zone }: { strip: Strip; at: Moment; within: number; zone: Zone }) {
  const mark = strip.marks.reduce<Strip['marks'][number] | undefined>((best, one) => (Math.abs(one.at - at) <= Math.min(within, Math.abs((best?.at ?? Infinity) - at)) ? one : best), undefined);
  const gap = strip.unknown.find((one) => (one.from ?? 0) <= at && at < (one.to || Infinity));
  const bar = strip.bars.findLast((one) => one.from <= at && (!one.to || at < one.to));
  return (
    <>
      {bar?.text && <span className="object-strip-near">{bar.text}</span>}
      {mark?.text && <span className="object-strip-near">{mark.text}</span>}
      {gap && <span className="object-strip-near">Not known: {sentenceIn(zone, gap.sentence)}</span>}
    </>
  );
}

/** The moment of the mark or state that begins within reach, so that a click hits what it points at; else the moment itself. */
function snapped(strip: Strip, at: Moment, reach: number): Moment {
  let best = at;
  let least = reach;
  const offer = (moment: Moment) => {
    const far = Math.abs(moment - at);
    if (far < least) [best, least] = [moment, far];
  };
  for (const bar of strip.bars) offer(bar.from);
  for (const mark of strip.marks) offer(mark.at);
  return best;
}

function useTheme(): string {
  return useSyncExternalStore(onThemeChange, () => document.documentElement.dataset['theme'] ?? '');
}
