import { useState } from 'react';
import { useBounds, useInfo } from '../../api/server';
import type { Hit } from '../../api/types';
import { Button, Copy, Icon, Link, objectView, PageHeader, Segments, useSeen, WindowBar, windowOf } from '../../parts';
import { commandOfView, useAsker } from '../../copy';
import { parseMoment } from '../../time/moment';
import { useKeys } from '../../url/keys';
import { everything, type View } from '../../url/state';
import { go, goTo, type ViewChange } from '../../url/useView';
import { narrowed, widened, type Term } from './cel';
import { Examples } from './Examples';
import { Facets } from './Facets';
import { FilterBox } from './FilterBox';
import { isAsked, isNewestFirst, kindsOf, paramsOf, recordKinds, toggled } from './question';
import { NoHits } from './NoHits';
import { Results } from './Results';
import './search.css';
import { Selected } from './Selected';
import { Status } from './Status';
import { Times } from './Times';
import { useSearch } from './useSearch';

/** One box for filters in CEL, and what they find. */
export function SearchPage({ view }: { view: View }) {
  const { filter } = view.set;
  const bounds = useBounds(view.set.cluster);
  const [turn, setTurn] = useState(0);
  const [focusTurn, setFocusTurn] = useState(0);
  const asOf = useAsOf(bounds.to, `${view.follow ?? ''}/${turn}`);
  const params = paramsOf(view, asOf);
  const command = commandOfView(useSeen(view), useAsker()) ?? filter;
  const { found, more, stale, wrong } = useSearch(params, turn);
  // A window that follows is shown as it was asked for.
  const asked = view.follow === undefined || asOf === undefined ? bounds : { ...bounds, to: asOf };
  const many = (useInfo().data?.clusters?.length ?? 0) > 1 && !view.set.cluster;
  const { hits } = found;
  const selected = indexOf(hits, view);
  const hit = hits[selected];
  const opened = hit !== undefined || view.sel !== undefined;
  const [last, setLast] = useState(-1);
  if (selected >= 0 && selected !== last) setLast(selected);

  const ask = (next: string, how: { replace: boolean }) => go({ set: { ...view.set, filter: next }, ...unselected }, how);
  const add = (term: Term) => ask(narrowed(filter, term), { replace: false });
  const select = (index: number) => {
    const next = hits[Math.min(hits.length - 1, Math.max(0, index))];
    if (next) go(selection(next), { replace: opened });
  };
  const open = (index: number) => {
    const to = hits[index] && objectView(about(hits[index]), view);
    if (to) goTo(to);
  };

  return (
    <main className="search" aria-label="Search">
      <PageHeader title="Search" sub="records that match a filter">
        <WindowBar view={view} bounds={asked} />
      </PageHeader>
      <div className="search-head">
        <FilterBox filter={filter} cluster={view.set.cluster} error={wrong ? found.error : undefined} focusTurn={focusTurn} submit={ask}>
          {filter && <Copy value={command} label="the command that asks the same" />}
          {filter && (
            <Button small look="quiet" icon="cross" aria-label="Clear the filter" onClick={() => ask('', { replace: false })} />
          )}
        </FilterBox>
        <Choices view={view} />
      </div>
      {isAsked(view) && !(wrong && hits.length === 0) ? (
        <>
          <Status found={found} stale={stale} more={more} again={() => setTurn((n) => n + 1)} />
          <div className={opened ? 'search-body search-body-detail' : 'search-body'}>
            <Facets hits={hits} filter={filter} add={add} drop={(condition) => ask(widened(filter, condition), { replace: false })} />
            <div className="search-found">
              {hits.length === 0 && found.end && !stale ? (
                <NoHits view={view} end={found.end} />
              ) : (
                <>
                  <Times hits={hits} view={view} bounds={windowOf(view, asked)} stale={stale || wrong} />
                  <Results hits={hits} selected={selected} stale={stale || wrong} many={many} select={select} open={open} atEnd={() => hits.length < 5000 && more()} />
                </>
              )}
            </div>
            {opened && <Selected hit={hit} view={view} add={add} close={() => go(unselected)} />}
          </div>
        </>
      ) : (
        <Examples choose={(text) => ask(text, { replace: false })} />
      )}
      <SearchKeys
        key={String(opened)}
        view={view}
        opened={opened}
        step={(by) => select(selected >= 0 ? selected + by : Math.max(0, last + by))}
        open={() => open(selected)}
        more={more}
        focus={() => setFocusTurn((n) => n + 1)}
      />
    </main>
  );
}

/** The newest fact as it was when the question was asked: a window that follows now does not pull the list away from who reads it. */
function useAsOf(newest: number | undefined, question: string): number | undefined {
  const [asked, setAsked] = useState({ question, newest });
  if (asked.question !== question || (asked.newest === undefined && newest !== undefined)) setAsked({ question, newest });
  return asked.newest ?? newest;
}

const unselected: ViewChange = { sel: undefined, words: { hit: '' } };

/** What a record is about: of an Event the object that it tells of. */
function about(hit: Hit) {
  return hit.event?.regarding.name ? { ...hit.event.regarding, cluster: hit.object.cluster } : hit.object;
}

/** Selects a record; the cursor goes to its time. */
function selection(hit: Hit): ViewChange {
  const { cluster, uid } = hit.kind === 'event' && hit.event?.regarding.uid ? { cluster: hit.object.cluster, uid: hit.event.regarding.uid } : hit.object;
  return { at: parseMoment(hit.when.at), sel: uid ? { cluster, uid, id: hit.id } : undefined, words: { hit: uid ? '' : hit.id } };
}

function indexOf(hits: readonly Hit[], view: View): number {
  const id = view.sel?.id || view.words['hit'];
  return id ? hits.findIndex((hit) => hit.id === id) : -1;
}

interface KeysProps {
  view: View;
  opened: boolean;
  step: (by: number) => void;
  open: () => void;
  more: () => void;
  focus: () => void;
}

/** The page's keys; drawn anew when the detail pane comes, whose j and k would win otherwise: here they step through the list. */
function SearchKeys({ view, opened, step, open, more, focus }: KeysProps) {
  useKeys(
    {
      'j|ArrowDown': { does: 'Next record', run: () => step(1) },
      'k|ArrowUp': { does: 'Record before', run: () => step(-1) },
      Enter: { does: 'Open the object of the record', run: () => opened && open() },
      e: { does: 'Edit the filter', run: focus },
      r: { does: 'Newest or oldest first', run: () => go({ words: { order: isNewestFirst(view) ? 'oldest' : '' }, sel: undefined }) },
      m: { does: 'Load more', run: more },
      ...(opened ? { Escape: { does: 'Close the record', run: () => go(unselected) } } : {}),
    },
    'Search',
  );
  return null;
}

const kindLabels = { request: 'Requests', revision: 'Revisions', end: 'Ends', event: 'Events', gap: 'Gaps', span: 'Spans' } as const;

/** Kinds of record, order, reads, cluster, and the same objects as lanes. */
function Choices({ view }: { view: View }) {
  const kinds = kindsOf(view);
  const lanes: View = { ...view, page: 'timeline', set: { ...everything, cluster: view.set.cluster, filter: view.set.filter }, words: {} };
  const reads = view.words['reads'] === 'true';
  return (
    <div className="search-choices">
      <div className="search-kinds" role="group" aria-label="Kinds of record">
        <button type="button" aria-pressed={kinds.length === 0} title="Those that the filter means: requests if it reads request, states if it reads object" onClick={() => go({ words: { record: '' } })}>
          By filter
        </button>
        {recordKinds.map((kind) => (
          <button key={kind} type="button" aria-pressed={kinds.includes(kind)} onClick={() => go({ words: { record: toggled(kinds, kind) } })}>
            {kindLabels[kind]}
          </button>
        ))}
      </div>
      <Segments
        small
        label="Order"
        value={isNewestFirst(view) ? '' : 'oldest'}
        options={[
          { value: '', label: 'Newest first' },
          { value: 'oldest', label: 'Oldest first' },
        ]}
        onChange={(order) => go({ words: { order } })}
      />
      <Button small on={reads} title="get, list and watch requests too" onClick={() => go({ words: { reads: reads ? '' : 'true' } })}>
        Reads too
      </Button>
      {view.set.filter && (
        <Link to={lanes} className="button button-plain button-small search-lanes">
          <Icon name="timeline" size={14} /> Open as lanes
        </Link>
      )}
    </div>
  );
}
