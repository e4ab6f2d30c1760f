/** What was asked for and never made, in words, and where it leads to. Pure. */
import type { Refusals, Refused } from '../../api/drawn';
import { nameOf, objectView, toPage } from '../../parts/objectView';
import { actorShort } from '../../text/actors';
import { grouped } from '../../text/counts';
import { kindShort } from '../../text/kinds';
import type { Window } from '../../time/moment';
import { everything, type View } from '../../url/state';

/** Those that were asked for in a window, in the order of the answer. */
export function refusedIn(refusals: Refusals | undefined, window: Window | undefined): readonly Refused[] {
  const names = refusals?.names ?? [];
  return window ? names.filter((one) => one.first < window.to && one.last >= window.from) : names;
}

/** "deploy shop/greedy"; where the name is not known what it was for: "po in shop for rs web-1". */
export function whatWord(one: Refused): string {
  const kind = kindShort(one.kind ?? one.resource) || 'object';
  if (one.name) return `${kind} ${nameOf(one)}`;
  const place = one.namespace ? ` in ${one.namespace}` : '';
  const { owner } = one;
  return `${kind}${place}${owner?.name ? ` for ${kindShort(owner.kind ?? owner.resource)} ${owner.name}` : ''}`;
}

/** What refused it, as far as the message tells: "quota few-pods", "policy replicas", "not allowed". */
export function whyWord({ code, reason, message = '' }: Pick<Refused, 'code' | 'reason' | 'message'>): string {
  const quota = /exceeded quota: ([^,\s]+)/.exec(message)?.[1];
  if (quota) return `quota ${quota}`;
  const policy = /ValidatingAdmissionPolicy '([^']+)'/.exec(message)?.[1];
  if (policy) return `policy ${policy}`;
  const webhook = /admission webhook "([^"]+)" denied/.exec(message)?.[1];
  if (webhook) return `webhook ${webhook}`;
  if (message.includes('because it is being terminated')) return 'its namespace ends';
  if (code === 403 && /cannot create resource/.test(message)) return 'not allowed';
  if (code === 422) return 'invalid';
  if (code === 404) return 'nothing there to make it in';
  return reason ? `${code} ${reason}` : String(code);
}

/** "quota few-pods, 17 times, replicaset-controller". */
export function detailWords(one: Refused): string {
  const users = one.users ?? [];
  const others = users.length - 1 + (one.more ?? 0);
  const who = users[0] === undefined ? '' : `${actorShort(users[0])}${others > 0 ? ` and ${grouped(others)} more` : ''}`;
  return [whyWord(one), one.count > 1 ? `${grouped(one.count)} times` : '', who].filter(Boolean).join(', ');
}

/** The page of the name; where that is not known, the search that finds the requests. */
export function refusedView(one: Refused, view: View): View {
  const named = objectView(one, view);
  if (named) return named;
  const terms = ['request.verb == "create"', 'request.code >= 400', `resource == ${JSON.stringify(one.resource ?? '')}`, `group == ${JSON.stringify(one.group ?? '')}`, 'name == ""'];
  if (one.namespace) terms.push(`namespace == ${JSON.stringify(one.namespace)}`);
  const user = one.users?.[0]?.split(' as ').at(-1);
  if (user) terms.push(`request.user == ${JSON.stringify(user)}`);
  return { ...toPage('search', view), set: { ...everything, cluster: one.cluster, filter: terms.join(' && ') }, words: { order: 'newest' } };
}

/** What stands for one of them in a list. */
export function refusedKey(one: Refused): string {
  return [one.cluster, one.group, one.resource, one.namespace, one.name, one.name ? '' : one.users?.[0], one.owner?.uid].join('\n');
}
