import { CoverageStrip } from '../../charts/CoverageStrip';
import { compareReasons, holesOf, isHole, reasonOf } from '../../charts/holes';
import { useLive } from '../../api/live';
import { useConfig } from '../../api/server';
import type { ClusterInfo, Coverage, Info } from '../../api/types';
import type { Answer } from '../../api/useAnswer';
import { ErrorBox, Icon, Link, TimeLabel, useNow } from '../../parts';
import { counted } from '../../text/counts';
import { formatSpan } from '../../time/format';
import { hour, second, type Window } from '../../time/moment';
import { everything, type View } from '../../url/state';
import { go } from '../../url/useView';
import { recordedOf } from './extent';

/** The recorded clusters: since when, how far, and with which holes. */
export function Clusters({ view, info, coverage }: { view: View; info: Info; coverage: Answer<Coverage> }) {
  const live = useLive();
  const clusters = info.clusters ?? [];
  const span = recordedOf(clusters, live.newest);
  return (
    <section className={clusters.length === 1 ? 'clusters clusters-one' : 'clusters'} aria-label="Clusters">
      {coverage.error && <ErrorBox compact error={coverage.error} retry={coverage.retry} />}
      {clusters.map((cluster) => (
        <ClusterCard key={cluster.name} cluster={cluster} view={view} many={clusters.length > 1} span={span} coverage={coverage.data} />
      ))}
    </section>
  );
}

function ClusterCard({ cluster, view, many, span, coverage }: {
  cluster: ClusterInfo;
  view: View;
  many: boolean;
  /** What is recorded of all: strips have one axis, so that one can compare them. */
  span: Window | undefined;
  coverage: Coverage | undefined;
}) {
  const live = useLive();
  const recorded = recordedOf([cluster], live.newest);
  const chosen = view.set.cluster === cluster.name;
  const choose = () => go({ set: { ...view.set, cluster: chosen ? '' : cluster.name } });
  return (
    <div className={chosen ? 'cluster cluster-chosen' : 'cluster'}>
      <div className="cluster-head">
        {many ? (
          <button type="button" className="cluster-name" aria-pressed={chosen} title={chosen ? 'Show all clusters' : 'Show this cluster alone'} onClick={choose}>
            {cluster.name}
          </button>
        ) : (
          <span className="cluster-name">{cluster.name}</span>
        )}
        <Freshness cluster={cluster.name} last={recorded?.to} />
        <span className="cluster-counts">
          {counted(cluster.objects, 'object')}
          {cluster.epochs > 1 && ` · ${counted(cluster.epochs, 'epoch')}`}
          {(cluster.incarnations?.length ?? 0) > 1 && ` · ${cluster.incarnations?.length} incarnations`}
          {many && (
            <>
              {' · '}
              <CoverageLink cluster={cluster.name} />
            </>
          )}
        </span>
      </div>
      {recorded && span ? (
        <div className="cluster-time">
          <TimeLabel at={recorded.from} />
          <CoverageStrip
            window={span}
            recorded={recorded}
            holes={coverage ? holesOf((coverage.gaps ?? []).filter((gap) => gap.scope.cluster === cluster.name && isHole(gap)), span) : []}
            label={`Coverage of ${cluster.name}`}
          />
          <TimeLabel at={recorded.to} />
          <span className="cluster-span">{formatSpan(recorded.to - recorded.from)}</span>
        </div>
      ) : (
        <p className="cluster-span">Nothing with a time is recorded of it yet.</p>
      )}
      <Seen cluster={cluster.name} coverage={coverage} link={!many} />
    </div>
  );
}

/** Whether facts come in, and how late. */
function Freshness({ cluster, last }: { cluster: string; last: number | undefined }) {
  const live = useLive();
  const config = useConfig();
  const now = useNow();
  const newest = live.newest[cluster] ?? last;
  if (newest === undefined) return null;
  const behind = Math.max(0, now - newest);
  if (live.live && config?.live !== false && behind < hour)
    return (
      <span className="cluster-live" title="The newest fact is this old. A quiet cluster has old ones.">
        <i aria-hidden /> live, newest {behind < 2 * second ? 'just now' : `${formatSpan(behind)} ago`}
      </span>
    );
  return (
    <span className="cluster-ended">
      newest <TimeLabel at={newest} relative />
    </span>
  );
}

/** What the coverage answer says of a cluster, in as few words as are honest. */
function Seen({ cluster, coverage, link }: { cluster: string; coverage: Coverage | undefined; link: boolean }) {
  if (!coverage) return <p className="cluster-seen cluster-seen-loading">Looking for holes…</p>;
  const counts = new Map<string, number>();
  for (const gap of coverage.gaps ?? []) {
    if (gap.scope.cluster !== cluster || reasonOf(gap.reason).weight === 'edge') continue;
    const many = gap.reason === 'not-audited' || gap.reason === 'not-watched' ? (gap.count ?? 1) : 1;
    counts.set(gap.reason, (counts.get(gap.reason) ?? 0) + many);
  }
  const found = [...counts].sort(([a], [b]) => compareReasons(a, b));
  return (
    <p className="cluster-seen">
      {found.length === 0 && (coverage.complete ? 'Everything was seen.' : 'No hole within the recording; what was before and after it is not known.')}
      {found.map(([reason, n]) => (
        <span key={reason} className={`cluster-gap cluster-gap-${reasonOf(reason).weight}`}>
          <Icon name={reasonOf(reason).weight === 'hole' ? 'warn' : 'gap'} size={12} />
          {words(reason, n)}
        </span>
      ))}
      {link && <CoverageLink cluster={cluster} />}
    </p>
  );
}

function CoverageLink({ cluster }: { cluster: string }) {
  return <Link to={{ page: 'coverage', set: { ...everything, cluster }, words: {} }}>Coverage</Link>;
}

function words(reason: string, n: number): string {
  if (reason === 'not-audited') return `${counted(n, 'resource')} without an audited write`;
  if (reason === 'not-watched') return `${counted(n, 'resource')} not watched`;
  if (reason === 'level') return `${counted(n, 'resource')} audited at a low level`;
  const { title } = reasonOf(reason);
  return n === 1 ? title : `${title} (${n})`;
}
