import { useEffect, useRef, useState, type ReactNode } from 'react';
import { createPortal } from 'react-dom';
import { ask } from '../../api/client';
import { useLive } from '../../api/live';
import type { Lanes, Row } from '../../api/drawn';
import { objectView } from '../../parts';
import { printMoment, type Window } from '../../time/moment';
import type { LaneAsk } from '../../timeline/lanestore';
import type { RowOptions } from '../../timeline/rows';
import { pageKeys, rowKeys } from '../../timeline/keys';
import { mountTimeline, type Timeline, type TimelineEvents } from '../../timeline/timeline';
import { useKeys } from '../../url/keys';
import { useZone } from '../../url/prefs';
import type { View } from '../../url/state';
import { currentView, go, goTo, hrefOf } from '../../url/useView';
import type { TimelineData } from './useTimelineData';
import { WindowWriter } from './WindowWriter';
import type { TimelineWords } from './words';

export interface PictureProps {
  view: View;
  words: TimelineWords;
  data: TimelineData;
  rows: readonly Row[];
  choice: Omit<RowOptions, 'shapes'>;
  onToggle: (what: 'fold' | 'open' | 'pin', key: string) => void;
  onMenu: TimelineEvents['menu'];
  onFailed: (why: string) => void;
  onMount: (timeline: Timeline | undefined) => void;
  /** What stands above the labels. */
  corner: ReactNode;
}

async function loadLanes({ cluster, uids, window, bins, derived, reads }: LaneAsk, signal: AbortSignal): Promise<Lanes> {
  return ask<Lanes>('lanes', { cluster, uid: uids, from: printMoment(window.from), to: printMoment(window.to), bins, derived, reads }, signal);
}

function viewOf(row: Row): View | undefined {
  const from = currentView();
  return row.name ? objectView(row, from) : undefined;
}

function hrefOfRow(row: Row): string | undefined {
  const to = viewOf(row);
  return to && hrefOf(to);
}

/** The canvas: tells it what the URL says, and the URL what a hand does. */
export function Picture({ view, words, data, rows, choice, onToggle, onMenu, onFailed, onMount, corner }: PictureProps) {
  const host = useRef<HTMLDivElement>(null);
  const [timeline, setTimeline] = useState<Timeline>();
  const zone = useZone();
  const [writer] = useState(() => new WindowWriter(go));
  const events = useRef({ onToggle, onMenu, onFailed });
  useEffect(() => {
    events.current = { onToggle, onMenu, onFailed };
  });

  useEffect(() => {
    if (!host.current) return;
    const mounted = mountTimeline(host.current, {
      load: loadLanes,
      href: hrefOfRow,
      on: {
        window: writer.write,
        cursor: (at) => go({ at }, { replace: true }),
        select: (sel) => go({ sel }, { replace: true }),
        enter: (row) => open(row),
        follow: (row, event) => {
          if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
          event.preventDefault();
          open(row);
        },
        toggle: (what, key) => events.current.onToggle(what, key),
        failed: (why) => events.current.onFailed(why),
        menu: (line, row, at) => events.current.onMenu(line, row, at),
      },
    });
    setTimeline(mounted);
    onMount(mounted);
    if (document.activeElement === document.body || document.activeElement?.id === 'page') mounted.scroller.focus({ preventScroll: true });
    return () => {
      writer.stop();
      onMount(undefined);
      events.current.onFailed('');
      setTimeline(undefined);
      mounted.destroy();
    };
    // Mounted once; what changes is told to it below.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);

  useEffect(() => timeline?.setZone(zone), [timeline, zone]);
  useEffect(() => {
    writer.setExtent(data.extent);
    if (timeline && data.recorded && data.extent) timeline.setRecorded(data.recorded, data.extent, data.density);
  }, [timeline, writer, data.recorded, data.extent, data.density]);
  useWindow(timeline, writer, data.window);
  useEffect(() => timeline?.setRows(rows, choice), [timeline, rows, choice]);
  useEffect(() => timeline?.setCursor(view.at), [timeline, view.at]);
  useEffect(() => timeline?.setSelected(view.sel), [timeline, view.sel]);
  useEffect(() => timeline?.setShown(words.shown), [timeline, words.shown]);
  useEffect(() => {
    if (data.turn.version > 0) timeline?.refresh(data.turn.from);
  }, [timeline, data.turn]);
  // The server answers again: what had no answer is asked for at once.
  const { newest } = useLive();
  useEffect(() => timeline?.store.reachable(), [timeline, newest, data.rows.data, data.activity.data]);
  useTimelineKeys(timeline);
  return (
    <div className="timeline-page-host">
      <div ref={host} className="timeline-page-canvas" />
      {timeline && createPortal(corner, timeline.corner)}
    </div>
  );
}

function open(row: Row): void {
  const to = viewOf(row);
  if (to) goTo(to);
}

/** Shows the URL's window, with a short flight where it is another one. */
function useWindow(timeline: Timeline | undefined, writer: WindowWriter, window: Window | undefined): void {
  const shown = useRef<Timeline>(undefined);
  useEffect(() => {
    if (!timeline || !window) return;
    const first = shown.current !== timeline;
    shown.current = timeline;
    if (first || writer.isNews(window)) timeline.setWindow(window, !first);
  }, [timeline, writer, window]);
}

const signs: Record<string, string> = { ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', Enter: '⏎', Space: '␣', Home: '⇱', End: '⇲' };

function useTimelineKeys(timeline: Timeline | undefined): void {
  const keys = Object.fromEntries(pageKeys.map((k) => [k.keys, { does: k.does, run: () => timeline && k.run(timeline) }]));
  // The keys of the rows are listed only, by their signs: they work where the rows have the focus, and are heard there.
  const listed = Object.fromEntries(rowKeys.map((k) => [signs[k.keys] ?? k.keys, { does: k.does, run: () => undefined }]));
  useKeys({ ...keys, ...listed }, 'Timeline');
}
