import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef } from 'react';
import type { Entry } from '../../api/types';
import { Button, Chip, CutNote, Empty, ErrorBox, Skeleton } from '../../parts';
import { grouped } from '../../text/counts';
import { formatClock, formatMoment, formatOffset, formatSpan } from '../../time/format';
import { milli, second, type Moment } from '../../time/moment';
import { useZone } from '../../url/prefs';
import type { View } from '../../url/state';
import { go } from '../../url/useView';
import { EntryDetails } from './EntryDetails';
import { Glyph } from './Glyph';
import { countsOf, requestOf, rowsOf, shownOf, whoOf, type ListRow } from './history';
import { select, type ObjectData } from './useObject';
import { printShow, showOf, type Show, type Sort } from './words';
import './HistoryList.css';

/** What happened to the object, one line each; the one that is selected opens. */
export function HistoryList({ view, data }: { view: View; data: ObjectData }) {
  const show = showOf(view);
  const { entries } = data;
  const shown = useMemo(() => shownOf(entries, showOf(view)), [entries, view]);
  const rows = useMemo(() => rowsOf(shown), [shown]);
  const scroller = useRef<HTMLDivElement>(null);
  const placed = useRef(false);
  const current = currentRow(rows, data);
  // eslint-disable-next-line react-hooks/incompatible-library -- its functions change; nothing here is memoized over them.
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (i) => (rows[i]?.kind === 'time' ? 28 : 27),
    getItemKey: (i) => rows[i]?.key ?? i,
    overscan: 12,
  });
  useEffect(() => {
    if (current < 0) return;
    list.scrollToIndex(current, { align: placed.current ? 'auto' : 'center' });
    placed.current = true;
    // Only when another row became the current one, and when the list was made; not when the list grew.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [rows[current]?.key, entries.length > 0]);

  return (
    <section className="object-history" aria-label="History">
      <h2 className="visually-hidden">History</h2>
      <Filters show={show} relative={view.words['times'] === 'relative'} data={data} />
      {data.history.error && <ErrorBox error={data.history.error} retry={data.history.retry} compact />}
      {!data.history.data && !data.history.error && <Skeleton lines={12} />}
      {data.history.data && rows.length === 0 && (
        <Empty title={entries.length === 0 ? 'Nothing is recorded of it' : 'Nothing of that sort'}>
          {entries.length > 0 && <Button onClick={() => go({ words: { show: '', text: '' } })}>Show the usual entries</Button>}
        </Empty>
      )}
      <div className={data.history.stale ? 'object-history-rows object-history-stale' : 'object-history-rows'} ref={scroller} tabIndex={-1}>
        <div role="list" aria-label="Entries, oldest first" style={{ height: list.getTotalSize(), position: 'relative' }}>
          {list.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            return (
              <div key={item.key} ref={list.measureElement} data-index={item.index} role="listitem" className="object-history-item" style={{ transform: `translateY(${item.start}px)` }}>
                {row.kind === 'time' ? <Heading at={row.at} count={row.count} /> : <Row row={row} view={view} data={data} current={item.index === current} />}
              </div>
            );
          })}
        </div>
        {data.ranged && (
          <p className="object-history-more object-dim">
            A long history: these are the entries around the cursor. Move it in the strip above to read on.
          </p>
        )}
        {data.more && (
          <div className="object-history-more">
            <CutNote cut={data.history.data?.cut} shown={entries.length} noun="entry" />
            {data.moreError && <ErrorBox error={data.moreError} compact />}
            <Button small onClick={data.more}>
              Load what came later
            </Button>
          </div>
        )}
      </div>
    </section>
  );
}

/** The row of the entry that is selected, else of the last one at or before the cursor; -1: none. */
function currentRow(rows: readonly ListRow[], data: ObjectData): number {
  const { selected, at } = data;
  if (selected) {
    const found = rows.findIndex((row) => row.kind === 'entry' && row.entry === selected);
    if (found >= 0) return found;
  }
  if (at === undefined) return -1;
  return rows.findLastIndex((row) => row.kind === 'entry' && row.at !== undefined && row.at <= at);
}

function Heading({ at, count }: { at: Moment; count: number }) {
  const zone = useZone();
  return (
    <div className="object-history-time">
      <span>{formatMoment(at, zone, 'second')}</span>
      <span>{grouped(count)}</span>
    </div>
  );
}

function Row({ row, view, data, current }: { row: ListRow & { kind: 'entry' }; view: View; data: ObjectData; current: boolean }) {
  const zone = useZone();
  const { entry, at } = row;
  const open = data.selected === entry;
  const { ref } = data;
  const inForce = entry.kind === 'revision' && entry === data.revisions[data.index];
  const relative = view.words['times'] === 'relative' && data.at !== undefined && at !== undefined;
  const names = ['entry-row', open ? 'entry-row-open' : '', inForce ? 'entry-row-in-force' : '', current ? 'entry-row-current' : '', data.at !== undefined && at !== undefined && at > data.at ? 'entry-row-later' : ''];
  return (
    <>
      <button
        type="button"
        className={names.filter(Boolean).join(' ')}
        aria-expanded={open}
        onClick={() => {
          if (open) go({ sel: undefined }, { replace: true });
          else if (ref) select(ref, entry);
        }}
      >
        <span className="entry-row-time">{at === undefined ? '?' : relative ? formatOffset(at, data.at ?? at) : formatClock(at, zone, at % second === 0 ? 'second' : 'milli')}</span>
        <Glyph entry={entry} />
        <span className="entry-row-who" title={entry.actor?.user}>
          {whoOf(entry)}
        </span>
        <span className="entry-row-what">
          <What entry={entry} />
        </span>
        <Numbers entry={entry} />
      </button>
      {open && <EntryDetails entry={entry} view={view} data={data} />}
    </>
  );
}

/** In one line what happened: the kind of Event, or what changed. */
function What({ entry }: { entry: Entry }) {
  const { event } = entry;
  if (!event) return <>{entry.summary || [entry.verb, entry.subresource].filter(Boolean).join(' ')}</>;
  return (
    <>
      <strong>{event.reason}</strong>
      {event.count > 1 && <span className="entry-row-count">×{grouped(event.count)}</span>} {event.note}
    </>
  );
}

function Numbers({ entry }: { entry: Entry }) {
  const request = requestOf(entry);
  const failed = (entry.code ?? 0) >= 400;
  const unsure = entry.certainty && entry.certainty !== 'exact' ? entry.certainty : '';
  return (
    <span className="entry-row-numbers">
      {unsure && (
        <span className="entry-row-unsure" title={`Who made it is ${unsure === 'candidates' ? 'one of several' : unsure}`}>
          {unsure === 'inferred' ? '◐' : unsure === 'candidates' ? '◇' : unsure === 'unknown' ? '?' : '≈'}
        </span>
      )}
      {request && <span title="How long the answer took">{formatSpan(request.latencyMs * milli)}</span>}
      {failed && <Chip tone="bad">{entry.code}</Chip>}
    </span>
  );
}

const chips: { sort: Sort; label: string; title: string }[] = [
  { sort: 'changes', label: 'Changes', title: 'Revisions of the object, and its end' },
  { sort: 'requests', label: 'Requests', title: 'Requests that made no revision: refused, without effect, or candidates' },
  { sort: 'events', label: 'Events', title: 'Kubernetes Events about it, series folded' },
  { sort: 'reads', label: 'Reads', title: 'get, list and watch' },
  { sort: 'spans', label: 'Spans', title: 'Spans received over OTLP' },
];

function Filters({ show, relative, data }: { show: Show; relative: boolean; data: ObjectData }) {
  const counts = useMemo(() => countsOf(data.entries), [data.entries]);
  const toggle = (sort: Sort) => {
    const next = new Set(show.sorts);
    if (!next.delete(sort)) next.add(sort);
    go({ words: { show: printShow({ sorts: next, failed: show.failed }) } }, { replace: true });
  };
  return (
    <div className="object-filters" role="group" aria-label="What is shown">
      {chips.map(({ sort, label, title }) =>
        sort === 'spans' && counts.spans === 0 ? null : (
          <button key={sort} type="button" className="object-filter" aria-pressed={show.sorts.has(sort)} title={title} onClick={() => toggle(sort)}>
            {label}
            {(sort !== 'reads' || show.sorts.has('reads')) && <span>{grouped(counts[sort])}</span>}
          </button>
        ),
      )}
      <button
        type="button"
        className="object-filter object-filter-failed"
        aria-pressed={show.failed}
        title="Only what failed: refused requests, and spans with an error"
        onClick={() => go({ words: { show: printShow({ sorts: show.sorts, failed: !show.failed }) } }, { replace: true })}
      >
        Failed<span>{grouped(counts.failed)}</span>
      </button>
      <button
        type="button"
        className="object-filter"
        aria-pressed={relative}
        title="Times relative to the cursor"
        onClick={() => go({ words: { times: relative ? '' : 'relative' } }, { replace: true })}
      >
        ± time
      </button>
      <input
        type="search"
        className="object-filter-text"
        placeholder="Filter"
        aria-label="Only entries with these words"
        value={show.text}
        onChange={(event) => go({ words: { text: event.target.value } }, { replace: true })}
      />
    </div>
  );
}
