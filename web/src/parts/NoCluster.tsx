import type { ClusterInfo } from '../api/types';
import type { View } from '../url/state';
import { Empty } from './Feedback';
import { Link } from './Link';

/** Says that the view's cluster is not recorded, and leads to those that are. */
export function NoCluster({ view, clusters }: { view: View; clusters: readonly ClusterInfo[] }) {
  const to = (cluster: string) => ({ ...view, set: { ...view.set, cluster } });
  return (
    <Empty title={`No cluster “${view.set.cluster}” is recorded`} icon="node">
      <p>
        {clusters.length === 0 ? 'Nothing is recorded yet. ' : clusters.length === 1 ? 'There is one: ' : 'There are: '}
        {clusters.map(({ name }, i) => (
          <span key={name}>
            {i > 0 && ', '}
            <Link to={to(name)}>{name}</Link>
          </span>
        ))}
      </p>
      {clusters.length > 1 && (
        <p>
          <Link to={to('')}>All clusters</Link>
        </p>
      )}
    </Empty>
  );
}
