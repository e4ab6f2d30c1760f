import type { Entry, OneEntry } from '../api/types';
import { CopyMenu, tell } from '../copy';
import { around, Button, CertaintyChip, Chip, ObjectLink, Link, objectView, rootSet, Sentence, TimeLabel, timelineOf, toPage, WhenLabel } from '../parts';
import { codeText } from '../text/verbs';
import { zoneName } from '../time/format';
import { minute, parseMoment, type Moment } from '../time/moment';
import { useZone } from '../url/prefs';
import type { View } from '../url/state';
import { changed, go } from '../url/useView';
import { Changes } from './Changes';
import { EventPart, GapPart, SpansPart } from './Parts';
import { RequestPart } from './RequestPart';
import { Who } from './Who';

const kinds: Record<Entry['kind'], string> = { revision: 'Change', request: 'Request', event: 'Event', end: 'End', gap: 'Gap', span: 'Span' };

/** One record: what happened in a sentence, then everything that is known of it. */
export function EntryView({ one, view }: { one: OneEntry; view: View }) {
  const { entry, object } = one;
  const maker = entry.revision?.maker ?? entry.end?.maker;
  const request = entry.request ?? maker?.request;
  return (
    <>
      <Head one={one} view={view} />
      <Actions one={one} view={view} at={parseMoment(entry.when.at)} />
      {entry.revision && <RevisionNotes entry={entry} />}
      {entry.revision && <Changes changes={entry.revision.changes} first={entry.revision.first ?? false} />}
      {entry.event && <EventPart event={entry.event} view={view} />}
      {entry.gap && <GapPart gap={entry.gap} />}
      <Who actor={entry.actor ?? maker?.actor ?? request?.actor} maker={maker} />
      {request && <RequestPart request={request} />}
      <SpansPart entry={entry} />
      <p className="detail-foot mono">
        object {object.uid}
        <br />
        record {entry.id}
      </p>
    </>
  );
}

function Head({ one: { entry, object }, view }: { one: OneEntry; view: View }) {
  const zone = useZone();
  const told = tell(entry, object);
  const certainty = entry.certainty ?? entry.revision?.maker.certainty;
  const failed = (entry.code ?? 0) >= 400;
  const at = parseMoment(entry.when.at);
  return (
    <div className="detail-head">
      <p className="detail-sentence">
        {told.who && <strong>{told.who}</strong>} {entry.kind === 'gap' ? <Sentence text={told.did} /> : told.did} {told.what && <ObjectLink object={object} view={view} className="detail-object">{told.what}</ObjectLink>}
        {told.but && <span className={failed ? 'detail-failed' : undefined}>{told.did ? ': ' : ' '}{told.but}</span>}
      </p>
      <div className="detail-when">
        <WhenLabel when={entry.when} precision="milli" /> <span className="detail-dim">{zoneName(zone, at)}</span>
        {at !== undefined && <span className="detail-dim"><TimeLabel at={at} relative /></span>}
      </div>
      <div className="detail-chips">
        <Chip>{kinds[entry.kind]}</Chip>
        {certainty && <CertaintyChip certainty={certainty} reason={entry.revision?.maker.evidence[0]} />}
        {failed && <Chip tone="bad">{codeText(entry.code)}</Chip>}
        {entry.revision && <Chip title="resourceVersion">rv {entry.revision.resourceVersion}</Chip>}
        {(entry.revision ?? entry.end)?.sources.map((source) => <Chip key={source} title={`Recorded by ${source}`}>{source}</Chip>)}
        {entry.when.basis === 'received' && <Chip title="The moment at which a live watch delivered the state">time of arrival</Chip>}
      </div>
    </div>
  );
}

function RevisionNotes({ entry }: { entry: Entry }) {
  const { revision } = entry;
  const notes = [
    revision?.first ? 'The first state that is recorded of this object.' : '',
    revision?.partial ? `Only a part of the object was recorded (${revision.partial}); the rest is assumed unchanged.` : '',
    revision?.conflict ? 'Two records of this state differ; both are kept.' : '',
    revision?.epoch ? `Epoch ${revision.epoch}: etcd was restored, and resourceVersions are used again.` : '',
  ].filter(Boolean);
  return notes.length > 0 ? <p className="detail-dim detail-notes">{notes.join(' ')}</p> : null;
}

function Actions({ one: { object, entry, before }, view, at }: { one: OneEntry; view: View; at: Moment | undefined }) {
  const page = objectView(object, view);
  const moment = at === undefined ? {} : { at };
  const sel = { cluster: object.cluster, uid: object.uid ?? entry.uid ?? '', id: entry.id };
  const rv = entry.revision?.resourceVersion;
  return (
    <div className="detail-actions">
      {page && (
        <Link className="button button-small" to={changed(page, { ...moment, ...(sel.uid ? { sel } : {}) })}>
          Object at this moment
        </Link>
      )}
      {page && rv && before && (
        <Link className="button button-small" to={changed(page, { ...moment, words: { tab: 'diff', a: before.resourceVersion, b: rv } })}>
          Diff with before
        </Link>
      )}
      {view.page !== 'timeline' && (
        <Link className="button button-small" to={changed(timelineOf(object, view), { ...moment, ...(sel.uid ? { sel } : {}) })}>
          Timeline
        </Link>
      )}
      {view.page !== 'trace' && (
        <Link className="button button-small" to={changed(toPage('trace', view), { ...moment, set: rootSet(object), ...(sel.uid ? { sel } : {}) })}>
          Tree
        </Link>
      )}
      {at !== undefined && (
        <Button small title="Makes the window two minutes around this moment" onClick={() => go({ ...around(at, 2 * minute), at })}>
          Window ± 1 min
        </Button>
      )}
    </div>
  );
}

/** What is copied of a record. */
export function EntryCopy({ one, view }: { one: OneEntry; view: View }) {
  return <CopyMenu view={view} one={one} />;
}
