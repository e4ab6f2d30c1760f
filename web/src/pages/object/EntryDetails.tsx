import type { ReactNode } from 'react';
import type { Change, Entry, Maker, Request } from '../../api/types';
import { CopyMenu } from '../../copy';
import { Button, CertaintyChip, Chip, TimeLabel, WhenLabel } from '../../parts';
import { actorSort, agentShort } from '../../text/actors';
import { codeText } from '../../text/verbs';
import { formatSpan } from '../../time/format';
import { milli } from '../../time/moment';
import { sentenceIn } from '../../time/sentence';
import { useZone } from '../../url/prefs';
import type { View } from '../../url/state';
import { go } from '../../url/useView';
import type { ObjectData } from './useObject';
import { valueText } from './valueText';
import './EntryDetails.css';

/** All that is known of an entry, below its row. */
export function EntryDetails({ entry, view, data }: { entry: Entry; view: View; data: ObjectData }) {
  const { revision, end, event, gap, request } = entry;
  const zone = useZone();
  const maker = revision?.maker ?? end?.maker;
  const known = maker?.request ?? request;
  return (
    <div className="entry-details">
      {revision && <Changes changes={revision.changes ?? []} first={revision.first} partial={revision.partial} conflict={revision.conflict} />}
      {event && <p className="entry-details-note">{event.note}</p>}
      {gap && <p className="entry-details-note">{sentenceIn(zone, gap.sentence)}</p>}
      {request?.message && <p className="entry-details-note entry-details-bad">{request.message}</p>}
      <dl className="object-terms">
        <Term name="When">
          <WhenLabel when={entry.when} precision="micro" />
        </Term>
        {event && (
          <Term name="Seen">
            {event.count > 1 ? `${event.count} times, ` : ''}
            <TimeLabel at={event.firstSeen} clock /> to <TimeLabel at={event.lastSeen} clock /> by {event.source ?? 'an unknown source'}; matched by {event.matched}
          </Term>
        )}
        {known && <RequestTerms request={known} />}
        {!known && entry.actor?.user && <Term name="Who">{entry.actor.user}</Term>}
        {maker && (
          <Term name="Known how">
            <CertaintyChip certainty={maker.certainty} />
            <ul className="entry-details-evidence">
              {maker.evidence.map((sentence) => (
                <li key={sentence}>{sentenceIn(zone, sentence)}</li>
              ))}
            </ul>
          </Term>
        )}
        {revision && (
          <Term name="State">
            resourceVersion <code>{revision.resourceVersion}</code>, told by {revision.sources.join(', ')}
          </Term>
        )}
      </dl>
      <Candidates maker={maker} />
      <div className="entry-details-doings">
        {revision && !revision.first && (
          <Button small icon="filter" onClick={() => go({ words: { tab: 'diff', a: '', b: '' } })}>
            Compare with the state before
          </Button>
        )}
        {data.ref && <CopyMenu view={view} one={{ object: data.ref, entry }} />}
      </div>
    </div>
  );
}

function Term({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function RequestTerms({ request }: { request: Request }) {
  const { actor } = request;
  const sort = actorSort(actor.user);
  const why = request.annotations?.['authorization.k8s.io/reason'];
  return (
    <>
      <Term name="Who">
        <span className="entry-details-user">{actor.user || 'not told'}</span> {sort !== 'unknown' && <Chip>{sort}</Chip>}
        {actor.impersonator && <span> by {actor.impersonator}</span>}
        <div className="object-dim">
          {[agentShort(actor.userAgent), actor.fieldManager && `field manager ${actor.fieldManager}`, actor.sourceIPs?.join(', ')].filter(Boolean).join(' · ')}
        </div>
      </Term>
      <Term name="Request">
        <code className="entry-details-uri">
          {request.verb} {request.uri}
        </code>
        <div className="object-dim">
          {[codeText(request.code), request.reason, `answered in ${formatSpan(request.latencyMs * milli)}`, `recorded at ${request.level}`, request.dryRun ? 'dry run' : ''].filter(Boolean).join(' · ')}
        </div>
        {(request.notes ?? []).map((note) => (
          <div key={note} className="object-dim">
            {note}
          </div>
        ))}
      </Term>
      {why && <Term name="Allowed">{why}</Term>}
    </>
  );
}

const mostCandidates = 20;

function Candidates({ maker }: { maker: Maker | undefined }) {
  const list = maker?.candidates ?? [];
  if (list.length === 0) return null;
  return (
    <div className="entry-details-candidates">
      <strong>One of these requests made it:</strong>
      <ul>
        {list.slice(0, mostCandidates).map((one) => (
          <li key={one.id}>
            <TimeLabel at={one.receivedAt} clock precision="milli" /> {one.actor.user} <code>{one.verb}</code> {codeText(one.code)}
          </li>
        ))}
        {list.length > mostCandidates && <li>and {list.length - mostCandidates} more</li>}
      </ul>
    </div>
  );
}

const mostChanges = 60;

/** What a revision changed. */
export function Changes({ changes, first, partial, conflict, most = mostChanges }: {
  changes: readonly Change[];
  first?: boolean | undefined;
  partial?: string | undefined;
  conflict?: boolean | undefined;
  most?: number;
}) {
  return (
    <>
      {first && changes.length === 0 && <p className="entry-details-note">The first state that is known: there is none before it to compare with.</p>}
      {!first && changes.length === 0 && <p className="entry-details-note">Nothing but managedFields, resourceVersion or generation changed.</p>}
      {partial && <p className="entry-details-note">Only a part of the state was recorded ({partial}); the rest is assumed unchanged.</p>}
      {conflict && <p className="entry-details-note entry-details-bad">Two bodies of this state are recorded and differ; one of them is shown.</p>}
      <ul className="change-list">
        {changes.slice(0, most).map((change) => (
          <ChangeLine key={`${change.op}-${change.path}`} change={change} />
        ))}
      </ul>
      {changes.length > most && <p className="object-dim">and {changes.length - most} more changes: see the Diff tab.</p>}
    </>
  );
}

const signs = { add: '+', remove: '−', change: '~', move: '⇅' } as const;

/** One change: path, value before, value after. */
export function ChangeLine({ change }: { change: Change }) {
  return (
    <li className={`change-line change-line-${change.op}`}>
      <span className="change-line-sign" title={change.op}>
        {signs[change.op]}
      </span>
      <span className="change-line-path">{change.path || '(all of it)'}</span>
      <span className="change-line-values">
        {change.op !== 'add' && change.from !== undefined && <del title={valueText(change.from, 4000)}>{valueText(change.from)}</del>}
        {change.op === 'change' && <span aria-label="became"> → </span>}
        {change.op !== 'remove' && change.to !== undefined && <ins title={valueText(change.to, 4000)}>{valueText(change.to)}</ins>}
        {change.note && <em>{change.note}</em>}
      </span>
    </li>
  );
}
