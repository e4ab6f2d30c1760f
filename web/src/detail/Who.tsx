import type { Actor, Maker } from '../api/types';
import { Chip, Copy, Icon, Sentence } from '../parts';
import { actorShort, actorSort, agentShort } from '../text/actors';
import { Fact, Facts, Section } from './Section';

/** Who did it, and how we know. */
export function Who({ actor, maker }: { actor: Actor | undefined; maker: Maker | undefined }) {
  const candidates = maker?.candidates ?? [];
  if (!actor?.user && candidates.length === 0 && !maker?.evidence.length) return null;
  return (
    <Section title="Who">
      {actor?.user && <Person actor={actor} />}
      {!actor?.user && candidates.length > 0 && (
        <>
          <p className="detail-dim">One of these; the records do not tell which.</p>
          {candidates.slice(0, 6).map((request) => <Person key={request.id} actor={request.actor} />)}
          {candidates.length > 6 && <p className="detail-dim">and {candidates.length - 6} more</p>}
        </>
      )}
      {maker && maker.evidence.length > 0 && (
        <ul className="detail-evidence" aria-label="Evidence">
          {maker.evidence.map((sentence) => <li key={sentence}><Sentence text={sentence} /></li>)}
        </ul>
      )}
    </Section>
  );
}

function Person({ actor }: { actor: Actor }) {
  const sort = actorSort(actor.user);
  const manager = actor.fieldManager;
  return (
    <>
      <p className="detail-actor">
        <Icon name={sort === 'person' ? 'person' : sort === 'node' ? 'node' : 'robot'} />
        <strong title={actor.user}>{actorShort(actor.user)}</strong>
        <Chip tone={sort === 'person' ? 'accent' : 'plain'}>{sort === 'service account' ? 'service account' : sort}</Chip>
        {actor.user && <Copy value={actor.user} label="the user" />}
      </p>
      <Facts>
        <Fact name="On behalf of">{actor.impersonator && `${actorShort(actor.impersonator)} acted as ${actorShort(actor.user)}`}</Fact>
        <Fact name="With"><span title={actor.userAgent}>{agentShort(actor.userAgent)}</span></Fact>
        <Fact name="Manager">{manager}</Fact>
        <Fact name="From">{actor.sourceIPs?.join(', ')}</Fact>
        <Fact name="Groups">{actor.groups?.filter((group) => group !== 'system:authenticated' && !group.startsWith('system:serviceaccounts')).join(', ')}</Fact>
      </Facts>
    </>
  );
}
