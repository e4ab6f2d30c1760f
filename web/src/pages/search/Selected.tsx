import type { Hit } from '../../api/types';
import { DetailPane } from '../../detail';
import { IconButton } from '../../parts';
import type { View } from '../../url/state';
import { hasTerm, printTerm, type Term } from './cel';
import { shown } from './Facets';
import { termsOf } from './facets';
import { HitDetail } from './HitDetail';

/** The selected record, and what it offers to narrow the filter by. hit: absent where the selection was reached by stepping from a hit. */
export function Selected({ hit, view, add, close }: { hit: Hit | undefined; view: View; add: (term: Term) => void; close: () => void }) {
  const terms = hit ? termsOf(hit).filter((term) => !hasTerm(view.set.filter, term)) : [];
  return (
    <div className="search-detail">
      {hit && (
        <div className="search-narrow" role="group" aria-label="Narrow the filter to what this record has">
          <span>Only</span>
          {terms.map((term) => (
            <button key={term.field} type="button" title={`Add ${printTerm(term)}`} onClick={() => add(term)}>
              {shown(term)}
            </button>
          ))}
          {!view.sel && <IconButton small icon="cross" label="Close the record" onClick={close} />}
        </div>
      )}
      {view.sel ? <DetailPane view={view} /> : hit && <HitDetail hit={hit} view={view} />}
    </div>
  );
}
