import type { Objects } from '../../api/types';
import { useAnswer } from '../../api/useAnswer';
import { Empty, ErrorBox, Link, RefLabel, Skeleton, toPage } from '../../parts';
import { everything, type View } from '../../url/state';

/** Where no object is asked for: the namespaces and workloads to begin with. */
export function StartHere({ view }: { view: View }) {
  const namespaces = useAnswer<Objects>('objects', { cluster: view.set.cluster, kind: 'namespaces', limit: 60 });
  const workloads = useAnswer<Objects>('objects', { cluster: view.set.cluster, kind: 'deployments', limit: 40 });
  const base = toPage('graph', view);
  return (
    <div className="graph-start">
      <p>A graph shows objects and the links between them at a moment: who owns, selects, mounts and runs on what. Begin with a namespace or an object.</p>
      {namespaces.error && <ErrorBox error={namespaces.error} retry={namespaces.retry} />}
      {namespaces.loading && !namespaces.data && <Skeleton lines={4} />}
      {namespaces.data?.objects.length === 0 && <Empty title="No namespace was recorded" icon="graph" />}
      <h2>Namespaces</h2>
      <ul>
        {(namespaces.data?.objects ?? []).map((one) => (
          <li key={one.uid ?? one.name}>
            <Link to={{ ...base, set: { ...everything, cluster: one.cluster, namespace: one.name ?? '' } }} className="object-link">
              <RefLabel object={one} />
            </Link>
          </li>
        ))}
      </ul>
      <h2>Deployments</h2>
      <ul>
        {(workloads.data?.objects ?? []).map((one) => (
          <li key={one.uid ?? one.name}>
            <Link to={{ ...base, set: { ...everything, cluster: one.cluster, namespace: one.namespace ?? '', object: `uid:${one.uid ?? ''}` } }} className="object-link">
              <RefLabel object={one} />
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
