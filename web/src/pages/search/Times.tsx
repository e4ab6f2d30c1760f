import { useMemo } from 'react';
import type { Hit } from '../../api/types';
import { columnsOf } from '../../charts/columns';
import { binsFor, TimeColumns, type TrackSpec } from '../../charts/TimeColumns';
import { useWidth } from '../../charts/useWidth';
import { parseMoment, second, type Window } from '../../time/moment';
import { hullOf, withMargin } from '../../time/scale';
import { useZone } from '../../url/prefs';
import type { View } from '../../url/state';
import { go } from '../../url/useView';
import { hitColumns } from './facets';

const tracks: readonly TrackSpec[] = [
  {
    title: 'Shown',
    height: 34,
    parts: [
      { count: 'failed', name: 'failed', tone: 'failed' },
      { count: 'warning', name: 'Warnings', tone: 'warning' },
      { count: 'changes', name: 'other hits', tone: 'change' },
    ],
  },
];

/** When the hits that are shown happened; a brush narrows the window. */
export function Times({ hits, view, bounds, stale }: { hits: readonly Hit[]; view: View; bounds: Partial<Window>; stale: boolean }) {
  const zone = useZone();
  const [host, width] = useWidth<HTMLDivElement>();
  const window = useMemo(() => {
    const [from, to] = [view.from ?? bounds.from, view.to ?? bounds.to];
    if (from !== undefined && to !== undefined && to > from) return { from, to };
    const moments = hits.flatMap((hit) => parseMoment(hit.when.at) ?? []);
    return hullOf(moments.map((at) => ({ from: at, to: at + 1 })));
  }, [view.from, view.to, bounds.from, bounds.to, hits]);
  const columns = useMemo(() => {
    if (!window || width === 0) return undefined;
    const drawn = window.to - window.from < 1000 ? withMargin(window, 0, second / 1000) : window;
    return columnsOf(hitColumns(hits, drawn, binsFor(width)));
  }, [window, hits, width]);
  return (
    <div ref={host} className="search-times">
      {columns && (
        <TimeColumns
          columns={columns}
          tracks={tracks}
          zone={zone}
          stale={stale}
          label="Hits over time. Arrow keys choose a window"
          choose={(next, done) => done && next && go({ from: next.from, to: next.to, follow: undefined })}
        />
      )}
    </div>
  );
}
