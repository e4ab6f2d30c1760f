import { useState } from 'react';
import type { Ref } from '../../api/types';
import { useAnswer } from '../../api/useAnswer';
import { CutNote, Empty, ErrorBox, Link, RefLabel, Segments, Skeleton, TimeLabel, toPage } from '../../parts';
import { grouped } from '../../text/counts';
import { formatSpan } from '../../time/format';
import { parseMoment, printMoment, type Window } from '../../time/moment';
import { everything, type View } from '../../url/state';

interface Found {
  found: { traceID: string; object: Ref; first?: string; last?: string; records: number; failed?: number }[] | null;
  cut?: string;
}

const kinds = [
  { value: 'deployments', label: 'Deployments' }, { value: 'statefulsets', label: 'StatefulSets' }, { value: 'daemonsets', label: 'DaemonSets' },
  { value: 'jobs', label: 'Jobs' }, { value: 'services', label: 'Services' }, { value: '', label: 'Everything' },
];

/** Where no trace is asked for: the objects that have one, the newest first. */
export function TraceList({ view, window }: { view: View; window: Partial<Window> }) {
  const [kind, setKind] = useState('deployments');
  const [failed, setFailed] = useState(false);
  const { namespace } = view.set;
  const tags = [kind && `resource=${kind}`, namespace && `namespace=${namespace}`, failed && 'error=true'].filter((t): t is string => Boolean(t));
  const answer = useAnswer<Found>('traces', {
    cluster: view.set.cluster, tag: tags, limit: 60,
    from: window.from === undefined ? undefined : printMoment(window.from), to: window.to === undefined ? undefined : printMoment(window.to),
  });
  const list = answer.data?.found ?? [];
  return (
    <div className="trace-list">
      <p className="trace-list-lead">
        A trace lays an object, its owners and what it owns on one time line. Any object has one: choose it here, or press <kbd>/</kbd> and type its name.
      </p>
      <div className="trace-list-tools">
        <Segments small label="Kind" value={kind} options={kinds} onChange={setKind} />
        <Segments
          small
          label="Which"
          value={failed ? 'failed' : 'all'}
          options={[{ value: 'all', label: 'All' }, { value: 'failed', label: 'With failures' }]}
          onChange={(value) => setFailed(value === 'failed')}
        />
      </div>
      {answer.error && <ErrorBox error={answer.error} retry={answer.retry} />}
      {answer.loading && !answer.data && <Skeleton lines={8} height={22} />}
      {answer.data && list.length === 0 && (
        <Empty title="No object of this kind has records here" icon="tree">
          Choose another kind, or a longer window.
        </Empty>
      )}
      {list.length > 0 && (
        <table className={answer.stale ? 'trace-list-table is-stale' : 'trace-list-table'}>
          <thead>
            <tr>
              <th scope="col">Object</th>
              <th scope="col">First record</th>
              <th scope="col">Over</th>
              <th scope="col" className="is-number">Records</th>
              <th scope="col" className="is-number">Failed</th>
            </tr>
          </thead>
          <tbody>
            {list.map((one) => (
              <Row key={one.traceID + (one.object.uid ?? '')} one={one} view={view} />
            ))}
          </tbody>
        </table>
      )}
      <CutNote cut={answer.data?.cut} />
    </div>
  );
}

function Row({ one, view }: { one: NonNullable<Found['found']>[number]; view: View }) {
  const { object } = one;
  const [first, last] = [parseMoment(one.first), parseMoment(one.last)];
  const to: View = { ...toPage('trace', view), set: { ...everything, cluster: object.cluster, namespace: object.namespace ?? '', object: object.uid ? `uid:${object.uid}` : `${object.resource}/${object.name}` } };
  return (
    <tr>
      <td>
        <Link to={to} className="object-link">
          <RefLabel object={object} />
        </Link>
      </td>
      <td>
        <TimeLabel at={first} />
      </td>
      <td>{first !== undefined && last !== undefined ? formatSpan(last - first) : ''}</td>
      <td className="is-number">{grouped(one.records)}</td>
      <td className="is-number">{one.failed ? <span className="trace-bad">⊘ {grouped(one.failed)}</span> : <span className="trace-dim">–</span>}</td>
    </tr>
  );
}
