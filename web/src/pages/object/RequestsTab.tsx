import { useContext, useMemo, useState } from 'react';
import type { Entry, Request } from '../../api/types';
import { briefly } from '../../manifest/lines';
import { Button, Chip, Dated, Empty, Skeleton, TimeLabel } from '../../parts';
import { agentShort } from '../../text/actors';
import { counted } from '../../text/counts';
import { codeText, isRead } from '../../text/verbs';
import { formatSpan } from '../../time/format';
import { milli } from '../../time/moment';
import type { View } from '../../url/state';
import { go } from '../../url/useView';
import { requestOf } from './history';
import { select, type ObjectData } from './useObject';
import { printShow, showOf } from './words';
import './RequestsTab.css';

const mostRows = 1000;

interface Asked {
  entry: Entry;
  request: Request;
}

/** Every request about the object that is recorded: those that made a revision, and those that did not. */
export function RequestsTab({ view, data }: { view: View; data: ObjectData }) {
  const [failedFirst, setFailedFirst] = useState(false);
  const show = showOf(view);
  const reads = show.sorts.has('reads');
  const asked = useMemo(() => requestsOf(data.entries, failedFirst), [data.entries, failedFirst]);
  const slowest = Math.max(1, ...asked.slice(0, mostRows).map(({ request }) => request.latencyMs));
  const failed = asked.filter(({ request }) => (request.code ?? 0) >= 400).length;
  if (!data.history.data) return <Skeleton lines={12} />;
  const toggleReads = () => {
    const next = new Set(show.sorts);
    if (!next.delete('reads')) next.add('reads');
    go({ words: { show: printShow({ sorts: next, failed: show.failed }) } }, { replace: true });
  };
  return (
    <div className="object-tab">
      <div className="object-bar">
        <span>
          {counted(asked.length, 'request')}, {failed === 0 ? 'none failed' : `${failed} failed`}
        </span>
        <span className="object-bar-end">
          <Button small look="quiet" on={reads} onClick={toggleReads}>
            Reads
          </Button>
          <Button small look="quiet" on={failedFirst} disabled={failed === 0} onClick={() => setFailedFirst(!failedFirst)}>
            Failed first
          </Button>
        </span>
      </div>
      {asked.length === 0 ? (
        <Empty title="No request about it is recorded">The audit log of its time may not have been read, or the audit policy leaves its resource out.</Empty>
      ) : (
        <div className="object-scroll">
          <table className="object-table object-requests">
            <Widths />
            <thead>
              <tr>
                <th>Time</th>
                <th>Verb</th>
                <th>Code</th>
                <th>Latency</th>
                <th>User</th>
                <th>User agent</th>
                <th>What came of it</th>
              </tr>
            </thead>
            <tbody>
              {asked.slice(0, mostRows).map((one) => (
                <Row key={one.request.id} {...one} data={data} slowest={slowest} />
              ))}
            </tbody>
          </table>
          {asked.length > mostRows && <p className="object-foot">The first {mostRows} of {asked.length} requests; the history beside has all of them.</p>}
        </div>
      )}
    </div>
  );
}

/** How wide the columns are; the last one takes what is left. */
function Widths() {
  const time = useContext(Dated) ? 172 : 98;
  return (
    <colgroup>
      {[time, 108, 98, 132, 150, 110].map((width, i) => (
        <col key={i} style={{ width }} />
      ))}
    </colgroup>
  );
}

function requestsOf(entries: readonly Entry[], failedFirst: boolean): Asked[] {
  const seen = new Set<string>();
  const all: Asked[] = [];
  for (const entry of entries) {
    const request = requestOf(entry);
    if (!request || seen.has(request.id)) continue;
    seen.add(request.id);
    all.push({ entry, request });
  }
  const rank = ({ request }: Asked) => ((request.code ?? 0) >= 400 ? 0 : 1);
  return failedFirst ? all.toSorted((a, b) => rank(a) - rank(b)) : all;
}

function Row({ entry, request, data, slowest }: Asked & { data: ObjectData; slowest: number }) {
  const failed = (request.code ?? 0) >= 400;
  const open = () => data.ref && select(data.ref, entry);
  return (
    <tr className={data.selected === entry ? 'object-table-selected' : ''} onClick={open}>
      <td className="object-table-time">
        <button type="button" className="object-table-open" onClick={open}>
          <TimeLabel at={request.receivedAt} clock precision="milli" />
        </button>
      </td>
      <td>
        <span className={isRead(request.verb, request.subresource) ? 'object-dim' : ''}>{request.verb}</span>
        {request.subresource && <span className="object-dim"> {request.subresource}</span>}
        {request.dryRun && <Chip>dry run</Chip>}
      </td>
      <td>{failed ? <Chip tone="bad">{codeText(request.code)}</Chip> : (request.code ?? '')}</td>
      <td className="object-latency">
        <span style={{ width: `${Math.max(2, Math.sqrt(request.latencyMs / slowest) * 56)}px` }} className={failed ? 'object-latency-bar object-latency-failed' : 'object-latency-bar'} aria-hidden />
        {formatSpan(request.latencyMs * milli)}
      </td>
      <td title={request.actor.user}>
        {request.actor.user ? briefly(request.actor.user) : 'not told'}
        {request.actor.impersonator && <span className="object-dim"> by {request.actor.impersonator}</span>}
      </td>
      <td className="object-dim" title={request.actor.userAgent}>
        {agentShort(request.actor.userAgent)}
      </td>
      <td className="object-table-what" title={request.message || entry.summary}>
        {failed ? request.message : entry.kind === 'request' ? <span className="object-dim">{isRead(request.verb, request.subresource) ? 'read' : 'changed nothing'}</span> : entry.summary}
      </td>
    </tr>
  );
}
