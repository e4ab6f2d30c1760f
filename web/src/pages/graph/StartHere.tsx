import type { ObjectEntry, Objects } from '../../api/types';
import { useAnswer } from '../../api/useAnswer';
import { CutNote, ErrorBox, Link, RefLabel, Skeleton, toPage } from '../../parts';
import { everything, type SetOfObjects, type View } from '../../url/state';

/** Where no object is asked for: the namespaces and workloads to begin with. */
export function StartHere({ view }: { view: View }) {
  return (
    <div className="graph-start">
      <p>A graph shows objects and the links between them at a moment: who owns, selects, mounts and runs on what. Begin with a namespace or an object.</p>
      <Begin title="Namespaces" kind="namespaces" limit={60} none="No namespace was recorded." view={view} setOf={(one) => ({ namespace: one.name ?? '' })} />
      <Begin title="Deployments" kind="deployments" limit={40} none="No Deployment was recorded." view={view} setOf={(one) => ({ namespace: one.namespace ?? '', object: `uid:${one.uid ?? ''}` })} />
    </div>
  );
}

/** Objects of one kind, each leading to its graph. */
function Begin({ title, kind, limit, none, view, setOf }: { title: string; kind: string; limit: number; none: string; view: View; setOf: (one: ObjectEntry) => Partial<SetOfObjects> }) {
  const { data, error, retry } = useAnswer<Objects>('objects', { cluster: view.set.cluster, kind, limit });
  const base = toPage('graph', view);
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      {error && <ErrorBox error={error} retry={retry} compact />}
      {!data && !error && <Skeleton lines={4} label={`Loading: ${title}`} />}
      {data?.objects.length === 0 && <p>{none}</p>}
      <ul>
        {(data?.objects ?? []).map((one) => (
          <li key={one.uid ?? one.name}>
            <Link to={{ ...base, set: { ...everything, cluster: one.cluster, ...setOf(one) } }} className="object-link">
              <RefLabel object={one} />
            </Link>
          </li>
        ))}
      </ul>
      <CutNote cut={data?.cut} total={data?.total} shown={data?.objects.length} noun={kind.replace(/s$/, '')} />
    </section>
  );
}
