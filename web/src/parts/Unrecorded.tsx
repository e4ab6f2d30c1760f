import type { ReactNode } from 'react';
import { useLive } from '../api/live';
import { boundsOf, useInfo } from '../api/server';
import type { ClusterInfo } from '../api/types';
import type { IconName } from '../text/icons';
import type { View } from '../url/state';
import { Copy } from './CopyButton';
import { Empty } from './Feedback';
import { Link } from './Link';
import { NoCluster } from './NoCluster';
import { toPage } from './objectView';
import { recording } from './recording';
import './Unrecorded.css';

/** Why there is nothing to show: the store is empty, or has no such cluster; undefined: there is something, or it is not known yet. */
export type Lack = 'anything' | 'cluster';

export function lackOf(clusters: readonly ClusterInfo[] | undefined, cluster: string): Lack | undefined {
  if (!clusters) return undefined;
  // What has no times is recorded all the same, as watch streams may be.
  if (boundsOf(clusters).to === undefined && clusters.every(({ objects }) => objects === 0)) return 'anything';
  return cluster !== '' && !clusters.some(({ name }) => name === cluster) ? 'cluster' : undefined;
}

export function useLack(cluster: string): Lack | undefined {
  const info = useInfo().data;
  // The server writes no list where there is none.
  return lackOf(info && (info.clusters ?? []), cluster);
}

const ways = [
  { does: 'A recorded incident, to look around in', command: recording.demo },
  { does: 'An audit log that you have', command: recording.open },
  { does: 'A cluster, from now on', command: recording.watch },
] as const;

/** What to do where nothing is recorded; children: what will stand here. */
export function Unrecorded({ lack, view, icon, children }: { lack: Lack; view: View; icon: IconName; children: ReactNode }) {
  const { live } = useLive();
  const clusters = useInfo().data?.clusters ?? [];
  if (lack === 'cluster') return <NoCluster view={view} clusters={clusters} />;
  return (
    <Empty title="Nothing is recorded yet" icon={icon}>
      <p>{children}</p>
      <ul className="unrecorded-ways">
        {ways.map(({ does, command }) => (
          <li key={command}>
            {does}
            <div>
              <code>{command}</code>
              <Copy value={command} label="command" />
            </div>
          </li>
        ))}
      </ul>
      {live && <p>This page fills by itself as soon as something comes in.</p>}
      <p>
        <Link to={toPage('overview', view)}>All ways of recording, and the rights they need</Link>
      </p>
    </Empty>
  );
}
