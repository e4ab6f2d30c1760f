import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState, type Ref } from 'react';
import type { Pick } from '../../gantt/hit';
import { mountGantt, type Gantt } from '../../gantt/mount';
import type { Moment, Window } from '../../time/moment';
import type { Zone } from '../../time/format';
import { keepNumber, keptNumber } from '../../url/kept';
import { HoverCard, type Hovered } from './HoverCard';
import type { Model } from './useModel';

export interface GanttViewProps {
  model: Model;
  zone: Zone;
  cursor: Moment | undefined;
  zoom: Window | undefined;
  chart: Ref<Gantt | null>;
  onPick: (pick: Pick, open: boolean) => void;
  onPoint: (at: Moment) => void;
  onZoom: (zoom: Window | undefined) => void;
  onFold: (span: number) => void;
}

/** The canvas in the page: hands it what is shown, and says what the person does there. */
export function GanttView({ model, zone, cursor, zoom, chart, onPick, onPoint, onZoom, onFold }: GanttViewProps) {
  const host = useRef<HTMLDivElement>(null);
  const gantt = useRef<Gantt | null>(null);
  const [hovered, setHovered] = useState<Hovered>();
  const latest = useRef({ onPick, onPoint, onZoom, onFold });
  useEffect(() => {
    latest.current = { onPick, onPoint, onZoom, onFold };
  });
  // Before the handle is given out, which is a layout effect too.
  useLayoutEffect(() => {
    if (!host.current) return;
    const mounted = mountGantt(host.current, {
      picked: (pick, open) => latest.current.onPick(pick, open),
      hovered: (hit, x, y) => setHovered((before) => (hit?.on ? sameHovered(before, { hit, x, y }) : undefined)),
      shown: (window) => latest.current.onZoom(window),
      pointed: (at) => latest.current.onPoint(at),
      folded: (span) => latest.current.onFold(span),
      widened: keepNames,
    });
    mounted.set({ names: keptNames() });
    gantt.current = mounted;
    return () => {
      gantt.current = null;
      mounted.destroy();
    };
  }, []);
  useImperativeHandle(chart, () => gantt.current as Gantt, []);
  useEffect(() => {
    gantt.current?.set({
      spans: model.spans, rows: model.rows, closed: model.closed, matches: model.matchSet, path: model.path, unknown: model.unknown,
      arrows: model.arrows, selected: model.pick, cursor, zone, window: zoom,
    });
  }, [model, cursor, zone, zoom]);
  return (
    <div className="trace-gantt" ref={host}>
      {hovered && <HoverCard spans={model.spans} hovered={hovered} zone={zone} />}
    </div>
  );
}

/** Only another thing below the pointer makes another card: moving along a bar keeps it where it is. */
function sameHovered(before: Hovered | undefined, now: Hovered): Hovered {
  return before && before.hit.span === now.hit.span && before.hit.event === now.hit.event ? before : now;
}

const namesKey = 'kubewake.trace.names';

/** The width of the column of names as the person left it; a chart that is too narrow for it takes less. */
function keptNames(): number {
  return keptNumber(namesKey, 1) ?? 340;
}

function keepNames(names: number): void {
  keepNumber(namesKey, names);
}
