import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useMemo, useRef } from 'react';
import type { Hit, Ref } from '../../api/types';
import { RefLabel } from '../../parts';
import { actorShort } from '../../text/actors';
import { formatClock, formatMoment, type Zone } from '../../time/format';
import { parseMoment } from '../../time/moment';
import { useZone } from '../../url/prefs';
import { spansDays } from './facets';
import { HitGlyph } from './HitGlyph';

const rowHeight = 28;

export interface ResultsProps {
  hits: readonly Hit[];
  selected: number;
  stale: boolean;
  /** Whether clusters have to be told apart. */
  many: boolean;
  select: (index: number) => void;
  open: (index: number) => void;
  /** The end of the list is near. */
  atEnd: () => void;
}

/** The hits as a list that draws only what is seen. */
export function Results({ hits, selected, stale, many, select, open, atEnd }: ResultsProps) {
  const host = useRef<HTMLDivElement>(null);
  const zone = useZone();
  // The list's own functions are not compiled away: it is drawn again when it scrolls.
  // eslint-disable-next-line react-hooks/incompatible-library
  const rows = useVirtualizer({ count: hits.length, getScrollElement: () => host.current, estimateSize: () => rowHeight, overscan: 12 });
  const dated = useMemo(() => spansDays(hits, zone), [hits, zone]);
  useEffect(() => {
    if (selected >= 0) rows.scrollToIndex(selected, { align: 'auto' });
    // Only a new selection scrolls, not new hits.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [selected]);
  const last = rows.getVirtualItems().at(-1)?.index ?? 0;
  useEffect(() => {
    if (hits.length > 0 && last >= hits.length - 40) atEnd();
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [last, hits.length]);
  return (
    <div ref={host} className={stale ? 'results results-stale' : 'results'} tabIndex={-1}>
      <div
        className={dated ? 'results-list results-dated' : 'results-list'}
        role="listbox"
        aria-label="Records found"
        tabIndex={0}
        aria-activedescendant={selected >= 0 ? `hit-${selected}` : undefined}
        style={{ height: rows.getTotalSize() }}
      >
        {rows.getVirtualItems().map((row) => {
          const hit = hits[row.index];
          return (
            hit && (
              <div
                key={row.key}
                id={`hit-${row.index}`}
                role="option"
                aria-selected={row.index === selected}
                className={row.index === selected ? 'hit hit-selected' : 'hit'}
                style={{ transform: `translateY(${row.start}px)`, height: rowHeight }}
                onClick={() => select(row.index)}
                onDoubleClick={() => open(row.index)}
              >
                <HitCells hit={hit} dated={dated} zone={zone} many={many} />
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

const HitCells = memo(function HitCells({ hit, dated, zone, many }: { hit: Hit; dated: boolean; zone: Zone; many: boolean }) {
  const at = parseMoment(hit.when.at);
  const { code } = hit.request ?? {};
  const user = hit.request?.actor.user ?? hit.actor?.user;
  const about = hit.event ? hit.event.regarding : named(hit.object);
  return (
    <>
      <time title={at === undefined ? 'Its time is not known' : formatMoment(at, zone, 'micro')}>
        {at === undefined ? 'unknown' : dated ? formatMoment(at, zone, 'milli') : formatClock(at, zone, 'milli')}
      </time>
      <HitGlyph hit={hit} />
      <span className="hit-object">
        <RefLabel object={{ ...about, cluster: about.cluster || hit.object.cluster }} cluster={many} />
      </span>
      <span className="hit-who" title={user}>
        {hit.event ? (hit.event.source ?? '') : user ? actorShort(user) : ''}
      </span>
      <span className="hit-summary" title={hit.summary}>
        {hit.event ? (
          <>
            <b>{hit.event.reason}</b> {hit.event.note}
          </>
        ) : (
          hit.summary.replace(/, \d{3}$/, '')
        )}
      </span>
      <span className={code && code >= 400 ? 'hit-code hit-code-failed' : 'hit-code'}>{hit.event ? (hit.event.count > 1 ? `${hit.event.count}×` : '') : (code ?? '')}</span>
    </>
  );
});

/** Of a request that failed only the resource may be known: its kind is told as well as one can. */
function named(object: Ref): Ref {
  if (!object.name) return named({ ...object, name: '*' });
  if (object.kind || !object.resource) return object;
  const kind = object.resource === 'endpoints' ? object.resource : object.resource.replace(/ies$/, 'y').replace(/(ss|x|ch)es$/, '$1').replace(/([^s])s$/, '$1');
  return { ...object, kind };
}
