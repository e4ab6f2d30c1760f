/** What a record says happened, in one sentence; the same words in the detail pane and in what is copied. */
import type { Entry, Maker, Ref } from '../api/types';
import { actorShort } from '../text/actors';
import { kindShort } from '../text/kinds';
import { codeText, isRead, verbPast, verbTried } from '../text/verbs';

/** A sentence in pieces, so that each can be drawn in its own way. Who and what may be empty; without a verb, `but` goes on after `what`. */
export interface Told {
  who: string;
  /** Verb and all: "scaled", "tried to update the status of". */
  did: string;
  /** The object: "deploy shop/web". */
  what: string;
  /** How it went, or what was said: "409 Conflict". */
  but: string;
}

/** "deploy shop/web". */
export function objectWords(ref: Ref): string {
  const name = [ref.namespace, ref.name || ref.uid].filter(Boolean).join('/');
  return [kindShort(ref.kind ?? ref.resource), name].filter(Boolean).join(' ');
}

/** What an entry of an object says. */
export function tell(entry: Entry, object: Ref): Told {
  const what = objectWords(object);
  switch (entry.kind) {
    case 'revision':
      return tellRevision(entry, what);
    case 'request':
      return tellRequest(entry, what);
    case 'end':
      return tellEnd(entry, what);
    case 'event':
      return { who: entry.event?.source || 'Somebody', did: 'said of', what, but: entry.event?.reason ?? '' };
    case 'gap':
      return { who: '', did: entry.gap?.sentence ?? entry.summary, what: '', but: '' };
    case 'span':
      return { who: entry.span?.service ?? '', did: entry.span?.name || entry.span?.text || entry.summary, what: '', but: entry.span?.status ?? '' };
  }
}

/** The sentence as plain text. */
export function plain(told: Told): string {
  const head = [told.who, told.did, told.what].filter(Boolean).join(' ');
  return told.but ? `${head}${told.did ? ':' : ''} ${told.but}` : head;
}

function tellRevision(entry: Entry, what: string): Told {
  const maker = entry.revision?.maker;
  const who = makerName(maker);
  if (!who) return { who: '', did: '', what, but: entry.revision?.first ? 'seen for the first time; who made it is not recorded' : 'changed; by whom is not recorded' };
  const [verb, subresource] = [entry.verb ?? maker?.request?.verb, entry.subresource ?? maker?.request?.subresource];
  const did = entry.revision?.first && verb !== 'create' && entry.code === 201 ? 'created' : verbPast(verb, subresource);
  return { who, did, what, but: '' };
}

function tellRequest(entry: Entry, what: string): Told {
  const who = actorShort(entry.actor?.user);
  const { verb, subresource, code = 0 } = entry;
  if (code >= 400) return { who, did: verbTried(verb, subresource), what, but: codeText(code) };
  if (entry.request?.dryRun) return { who, did: verbPast(verb, subresource), what, but: 'as a dry run' };
  const changedNothing = !isRead(verb, subresource) && !liveSubresources.has(subresource ?? '');
  return { who, did: verbPast(verb, subresource), what, but: changedNothing ? 'which changed nothing that is recorded' : '' };
}

/** What is asked of them is no change of the object. */
const liveSubresources = new Set(['exec', 'attach', 'portforward', 'proxy', 'log', 'token']);

function tellEnd(entry: Entry, what: string): Told {
  const who = makerName(entry.end?.maker);
  return who ? { who, did: 'ended', what, but: '' } : { who: '', did: '', what, but: 'ended; by whom is not recorded' };
}

/** Who made a state, by the best that is known; candidates that are one actor are that actor. */
export function makerName(maker: Maker | undefined): string {
  const user = maker?.actor?.user ?? maker?.request?.actor.user;
  if (user) return actorShort(user);
  const users = [...new Set((maker?.candidates ?? []).map((c) => c.actor.user ?? ''))].filter(Boolean);
  return users.length === 0 ? '' : users.map((one) => actorShort(one)).join(' or ');
}
