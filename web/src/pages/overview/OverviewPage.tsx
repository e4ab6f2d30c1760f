import { useEffect, useMemo, type ReactNode } from 'react';
import { newestOf, useLive } from '../../api/live';
import type { ClusterInfo, Coverage, Failing, Info } from '../../api/types';
import { useInfo } from '../../api/server';
import { useAnswer } from '../../api/useAnswer';
import { Dated, ErrorBox, NoCluster, PageHeader, Skeleton, WindowBar } from '../../parts';
import { sameDay } from '../../time/format';
import { printMoment } from '../../time/moment';
import { useZone } from '../../url/prefs';
import type { View } from '../../url/state';
import { go } from '../../url/useView';
import { ActivityPanel } from './ActivityPanel';
import { Clusters } from './Clusters';
import { chosenOf, recordedOf } from './extent';
import { FailingPanel } from './FailingPanel';
import { BusyObjects, ErrorSources, PeopleChanges, Warnings } from './Lists';
import './overview.css';
import { Start } from './Start';
import { useActivity } from './useActivity';
import { useCalmLive, useStaged } from './useCalm';

/** The first page in an incident: what is recorded, how much happened when, what failed, who changed what. */
export function OverviewPage({ view }: { view: View }) {
  const live = useLive();
  const info = useInfo();
  if (!info.data) return <Frame>{info.error ? <ErrorBox error={info.error} retry={info.retry} /> : <Skeleton lines={6} height={22} />}</Frame>;
  const clusters = info.data.clusters ?? [];
  const shown = view.set.cluster ? clusters.filter((cluster) => cluster.name === view.set.cluster) : clusters;
  const recorded = recordedOf(shown, live.newest);
  // What has no times is recorded all the same, as watch streams may be.
  if (clusters.length === 0 || (!recorded && !view.set.cluster && clusters.every(({ objects }) => objects === 0))) return <Start live={live.live} />;
  if (shown.length === 0) return <Frame><NoCluster view={view} clusters={clusters} /></Frame>;
  return (
    <Frame head={<PageHeader title="Overview" sub={<Filtered view={view} />}>{recorded && <WindowBar view={view} bounds={recorded} />}</PageHeader>}>
      <Known view={view} info={info.data} shown={shown} />
    </Frame>
  );
}

function Frame({ head, children }: { head?: ReactNode; children: ReactNode }) {
  return (
    <main className="overview" aria-label="Overview">
      {head ?? <PageHeader title="Overview" />}
      <div className="overview-body">{children}</div>
    </main>
  );
}

/** Which cluster the page is narrowed to, and the way back. */
function Filtered({ view }: { view: View }) {
  if (!view.set.cluster) return null;
  return (
    <>
      of cluster <b>{view.set.cluster}</b> ·{' '}
      <button type="button" className="overview-link" onClick={() => go({ set: { ...view.set, cluster: '' } })}>
        all clusters
      </button>
    </>
  );
}

function Known({ view, info, shown }: { view: View; info: Info; shown: readonly ClusterInfo[] }) {
  const [live, setBusy] = useCalmLive();
  const recorded = useMemo(() => recordedOf(shown, live.newest), [shown, live.newest]);
  const chosen = recorded && chosenOf(view, recorded);
  const narrow = { cluster: view.set.cluster, ...(chosen ? { from: printMoment(chosen.from), to: printMoment(chosen.to) } : {}) };
  const coverage = useAnswer<Coverage>('coverage', { cluster: view.set.cluster }, live.version);
  const failing = useStaged<Failing>('failing', recorded && { ...narrow, limit: 50 }, recorded, chosen !== undefined, live.version);
  const activity = useActivity(view, recorded, chosen, live.version);
  const busy = coverage.loading || failing.loading || activity.chart.loading || activity.lists.loading;
  useEffect(() => setBusy(busy), [busy, setBusy]);
  const names = useMemo(() => (info.clusters ?? []).map((cluster) => cluster.name).filter((name) => !view.set.cluster || name === view.set.cluster), [info, view.set.cluster]);
  const zone = useZone();
  const window = chosen ?? recorded;
  const dated = window !== undefined && !sameDay(window.from, window.to, zone);
  const many = (info.clusters ?? []).length > 1 && !view.set.cluster;
  const end = chosen?.to ?? recorded?.to ?? newestOf(live) ?? 0;
  return (
    <>
      <Clusters view={view} info={info} coverage={coverage} />
      {recorded && <ActivityPanel view={view} clusters={names} recorded={recorded} chosen={chosen} activity={activity.chart} coverage={coverage.data} drawn={activity.drawn} />}
      {recorded && (
        <Dated.Provider value={dated}>
          <div className="overview-lists">
            <div>
              <FailingPanel view={view} failing={failing} end={end} many={many} />
              <ErrorSources view={view} activity={activity.lists} />
            </div>
            <div>
              <PeopleChanges view={view} activity={activity.lists} many={many} />
              <BusyObjects view={view} activity={activity.lists} many={many} />
              <Warnings view={view} narrow={narrow} version={live.version} />
            </div>
          </div>
        </Dated.Provider>
      )}
    </>
  );
}
