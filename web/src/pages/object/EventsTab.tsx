import { useMemo } from 'react';
import type { Entry } from '../../api/types';
import { Empty, Skeleton, TimeLabel } from '../../parts';
import { counted, grouped } from '../../text/counts';
import { formatSpan } from '../../time/format';
import { parseMoment } from '../../time/moment';
import { Glyph } from './Glyph';
import { select, type ObjectData } from './useObject';

/** The Kubernetes Events about the object, each series as one. */
export function EventsTab({ data }: { data: ObjectData }) {
  const events = useMemo(() => data.entries.filter((entry) => entry.event), [data.entries]);
  if (!data.history.data) return <Skeleton lines={10} />;
  const warnings = events.filter((entry) => entry.event?.type === 'Warning').length;
  return (
    <div className="object-tab">
      <div className="object-bar">
        <span>
          {counted(events.length, 'Event')}, {warnings === 0 ? 'no Warnings' : counted(warnings, 'Warning')}
        </span>
      </div>
      {events.length === 0 ? (
        <Empty title="No Event about it is recorded" icon="event" />
      ) : (
        <div className="object-scroll">
          <table className="object-table">
            <thead>
              <tr>
                <th>Last seen</th>
                <th>
                  <span className="visually-hidden">Severity</span>
                </th>
                <th>Reason</th>
                <th>Count</th>
                <th>Message</th>
                <th>From</th>
              </tr>
            </thead>
            <tbody>
              {events.map((entry) => (
                <Row key={entry.id} entry={entry} data={data} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}

function Row({ entry, data }: { entry: Entry; data: ObjectData }) {
  const { event } = entry;
  if (!event) return null;
  const [first, last] = [parseMoment(event.firstSeen), parseMoment(event.lastSeen)];
  const span = first !== undefined && last !== undefined ? last - first : 0;
  const open = () => data.ref && select(data.ref, entry);
  return (
    <tr className={data.selected === entry ? 'object-table-selected' : ''} onClick={open}>
      <td className="object-table-time">
        <button type="button" className="object-table-open" onClick={open}>
          <TimeLabel at={event.lastSeen} clock />
        </button>
      </td>
      <td>
        <Glyph entry={entry} />
      </td>
      <td>
        <strong className={event.type === 'Warning' ? 'object-warning' : ''}>{event.reason}</strong>
      </td>
      <td className="object-table-time">
        {event.count > 1 ? `×${grouped(event.count)}` : '1'}
        {span > 0 && <span className="object-dim"> in {formatSpan(span)}</span>}
      </td>
      <td className="object-table-note">{event.note}</td>
      <td className="object-dim object-table-time">{event.source}</td>
    </tr>
  );
}
