import type { SearchEnd } from '../../api/types';
import { Button, CoverageNote, Empty } from '../../parts';
import type { View } from '../../url/state';
import { go } from '../../url/useView';
import { kindsOf } from './question';

/** Nothing matches: what may be the reason, and what to try. */
export function NoHits({ view, end }: { view: View; end: SearchEnd }) {
  const narrow = view.from !== undefined || view.to !== undefined || view.follow !== undefined;
  const kinds = kindsOf(view);
  return (
    <Empty title="No record matches" icon="search">
      {end.unknown > 0 && <p>Of {end.unknown} it can not be told: what the filter asks for was not recorded of them.</p>}
      <p className="no-hits">
        {narrow && (
          <Button small onClick={() => go({ from: undefined, to: undefined, follow: undefined })}>
            Search everything recorded
          </Button>
        )}
        {kinds.length > 0 && (
          <Button small onClick={() => go({ words: { record: '' } })}>
            All kinds that the filter means
          </Button>
        )}
        {view.words['reads'] !== 'true' && (
          <Button small onClick={() => go({ words: { reads: 'true' } })}>
            Reads too
          </Button>
        )}
        {view.set.cluster && (
          <Button small onClick={() => go({ set: { ...view.set, cluster: '' } })}>
            All clusters
          </Button>
        )}
      </p>
      <CoverageNote coverage={end.coverage} />
    </Empty>
  );
}
