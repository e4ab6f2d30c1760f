import { useEffect, useState } from 'react';
import { Icon, Menu } from '../../parts';
import { counted, grouped } from '../../text/counts';
import type { Grouping, Sorting } from '../../timeline/rows';
import { go } from '../../url/useView';
import type { TimelineWords } from './words';

const groupNames: Record<Grouping, string> = { tree: 'Owners', kind: 'Kinds', namespace: 'Namespaces', none: 'No groups' };
const groupHints: Record<Grouping, string> = { tree: 'each object below what owns it', kind: 'by namespace and kind', namespace: 'by namespace', none: 'one flat list' };
const sortNames: Record<Sorting, string> = { name: 'Name', first: 'Begin', activity: 'Activity', failing: 'Failing' };
const sortHints: Record<Sorting, string> = { name: 'by kind and name', first: 'what began first', activity: 'what changed most', failing: 'what failed most' };

/** What stands above the labels: which rows, in which order, and how many. */
export function Corner({ words, shown, total }: { words: TimelineWords; shown: number; total: number | undefined }) {
  return (
    <div className="timeline-corner-parts">
      <RowFilter q={words.q} />
      <div className="timeline-corner-line">
        <Menu
          label={`${groupNames[words.group]}: what rows stand below`}
          className="timeline-corner-menu"
          items={(Object.keys(groupNames) as Grouping[]).map((g) => ({
            label: groupNames[g], hint: groupHints[g], checked: g === words.group, run: () => go({ words: { group: g === 'tree' ? '' : g } }),
          }))}
        >
          {groupNames[words.group]} <Icon name="down" size={10} />
        </Menu>
        <Menu
          label={`by ${sortNames[words.sort].toLowerCase()}: the order of rows`}
          className="timeline-corner-menu"
          items={(Object.keys(sortNames) as Sorting[]).map((s) => ({
            label: sortNames[s], hint: sortHints[s], checked: s === words.sort, run: () => go({ words: { sort: s === 'name' ? '' : s } }),
          }))}
        >
          by {sortNames[words.sort].toLowerCase()} <Icon name="down" size={10} />
        </Menu>
        <span className="timeline-corner-count" title={total === undefined ? '' : counted(total, 'object')}>
          {total === undefined ? '' : shown < total ? `${grouped(shown)} of ${grouped(total)}` : grouped(total)}
        </span>
      </div>
    </div>
  );
}

/** Filters rows as one types. */
function RowFilter({ q }: { q: string }) {
  const [typed, setTyped] = useState(q);
  const [from, setFrom] = useState(q);
  if (from !== q) {
    // The URL changed: Back was pressed, or what was typed arrived there.
    setFrom(q);
    setTyped(q);
  }
  useEffect(() => {
    if (typed === q) return;
    const timer = setTimeout(() => go({ words: { q: typed } }, { replace: true }), 120);
    return () => clearTimeout(timer);
  }, [typed, q]);
  return (
    <label className="timeline-filter">
      <Icon name="filter" size={13} />
      <input
        type="search"
        value={typed}
        placeholder="Filter rows"
        aria-label="Filter rows by kind, namespace or name"
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && typed) {
            event.stopPropagation();
            setTyped('');
          }
        }}
      />
    </label>
  );
}
