import { useMemo } from 'react';
import type { Hit } from '../../api/types';
import { Icon } from '../../parts';
import { actorShort } from '../../text/actors';
import { grouped } from '../../text/counts';
import { codeText } from '../../text/verbs';
import { hasTerm, printTerm, type Term } from './cel';
import { facetsOf } from './facets';

/** What the hits have in common: a click narrows the filter, or takes the condition back. */
export function Facets({ hits, filter, add, drop }: { hits: readonly Hit[]; filter: string; add: (term: Term) => void; drop: (condition: string) => void }) {
  const groups = useMemo(() => facetsOf(hits), [hits]);
  const most = hits.length;
  return (
    <aside className="facets" aria-label="Narrow the filter">
      {groups.map((group) => (
        <section key={group.title} aria-label={group.title}>
          <h2>{group.title}</h2>
          <ul>
            {group.facets.map(({ value, count, term }) => {
              const on = hasTerm(filter, term);
              return (
                <li key={value} className={on ? 'facet facet-on' : 'facet'}>
                  <i style={{ width: `${(100 * count) / Math.max(1, most)}%` }} />
                  <button type="button" aria-pressed={on} title={`${on ? 'Take back' : 'Only'} ${printTerm(term)}`} onClick={() => (on ? drop(printTerm(term)) : add(term))}>
                    <span>{shown(term)}</span>
                    <b>{grouped(count)}</b>
                  </button>
                  {!on && (
                    <button type="button" className="facet-not" aria-label={`Not ${value}`} title={`Leave out: ${printTerm({ ...term, is: '!=' })}`} onClick={() => add({ ...term, is: '!=' })}>
                      <Icon name="cross" size={12} />
                    </button>
                  )}
                </li>
              );
            })}
          </ul>
          {group.left > 0 && <p>and {grouped(group.left)} more</p>}
        </section>
      ))}
    </aside>
  );
}

/** A term's value in few letters. */
export function shown(term: Term): string {
  if (term.field === 'request.user') return actorShort(String(term.value));
  if (term.field === 'request.code') return codeText(Number(term.value));
  return String(term.value);
}
