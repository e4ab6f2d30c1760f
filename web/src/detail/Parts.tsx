import type { Entry, ForeignSpan, Gap, KubeEvent } from '../api/types';
import { Chip, CutNote, Icon, ObjectLink, Sentence, TimeLabel } from '../parts';
import { counted } from '../text/counts';
import { formatSpan } from '../time/format';
import { parseMoment } from '../time/moment';
import type { View } from '../url/state';
import { Fact, Facts, Section } from './Section';

/** What an Event says. */
export function EventPart({ event, view }: { event: KubeEvent; view: View }) {
  return (
    <Section title="Event" aside={event.count > 1 ? counted(event.count, 'time') : undefined}>
      <p className="detail-note">
        <Chip tone={event.type === 'Warning' ? 'warn' : 'plain'}>
          <span aria-hidden>{event.type === 'Warning' ? '◆' : '◇'}</span> {event.type}
        </Chip>{' '}
        <strong>{event.reason}</strong>
      </p>
      <p className="detail-note">{event.note}</p>
      <Facts>
        <Fact name="By">{event.source}</Fact>
        <Fact name="Action">{event.action}</Fact>
        <Fact name="Regarding">
          <ObjectLink object={event.regarding} view={view} />
          {event.fieldPath && <code> {event.fieldPath}</code>}
        </Fact>
        <Fact name="First"><TimeLabel at={event.firstSeen} /></Fact>
        <Fact name="Last">{event.count > 1 && <TimeLabel at={event.lastSeen} />}</Fact>
        <Fact name="Matched by">{event.matched === 'uid' ? '' : event.matched}</Fact>
      </Facts>
    </Section>
  );
}

/** What could not be seen. */
export function GapPart({ gap }: { gap: Gap }) {
  return (
    <Section title="Not seen">
      <p className="detail-gap">
        <Icon name="gap" />
        <span><Sentence text={gap.sentence} /></span>
      </p>
      <Facts>
        <Fact name="Reason">{gap.reason}</Fact>
        <Fact name="From">{gap.from && <TimeLabel at={gap.from} precision="milli" />}</Fact>
        <Fact name="To">{gap.to && <TimeLabel at={gap.to} precision="milli" />}</Fact>
        <Fact name="Count">{gap.count}</Fact>
      </Facts>
    </Section>
  );
}

/** Spans of other systems that belong to the record. */
export function SpansPart({ entry }: { entry: Entry }) {
  const spans = [...(entry.span ? [entry.span] : []), ...(entry.spans ?? [])];
  if (spans.length === 0) return null;
  return (
    <Section title="Spans" aside={counted(spans.length + (entry.spansLeft ?? 0), 'span')}>
      <ul className="detail-list">
        {spans.map((span) => <SpanLine key={span.id} span={span} />)}
      </ul>
      <CutNote cut={entry.spansLeft ? 'the rest was left out' : undefined} shown={spans.length} total={spans.length + (entry.spansLeft ?? 0)} noun="span" />
    </Section>
  );
}

function SpanLine({ span }: { span: ForeignSpan }) {
  const [start, end] = [parseMoment(span.start), parseMoment(span.end)];
  const attributes = Object.entries(span.attributes ?? {});
  return (
    <li>
      <details>
        <summary>
          <strong>{span.service}</strong> {span.name ?? span.text}{' '}
          <span className="detail-dim">{start !== undefined && end !== undefined && end > start ? formatSpan(end - start) : span.severity}</span>
          {span.status && span.status !== 'unset' && <Chip tone={span.status === 'error' ? 'bad' : 'plain'}>{span.status}</Chip>}
        </summary>
        <Facts>
          <Fact name="Began"><TimeLabel at={span.start} precision="micro" /></Fact>
          <Fact name="Says">{span.name && span.text}</Fact>
          <Fact name="Trace" mono>{span.traceID}</Fact>
          {attributes.map(([name, value]) => (
            <Fact key={name} name={name}>{value}</Fact>
          ))}
        </Facts>
      </details>
    </li>
  );
}
