/** Where the lines of the overview lead to. Pure. */
import type { Activity, ErrorSource, FailingObject } from '../../api/types';
import { timelineOf } from '../../parts/objectView';
import { hour, minute, second, type Moment, type Window } from '../../time/moment';
import { everything, type View } from '../../url/state';
import type { PeopleFold } from './folds';

/** A change longer ago than this is no part of the picture of what broke. */
const related = 6 * hour;

/** The window in which one sees how it broke: from the change that came before to what followed. */
export function windowOf(failing: Pick<FailingObject, 'since' | 'until' | 'change'>, end: Moment): Window {
  const changedAt = failing.change && failing.since - failing.change.at <= related ? failing.change.at : failing.since;
  const from = Math.min(changedAt, failing.since);
  const enough = failing.since + Math.max(10 * minute, 4 * (failing.since - from));
  const to = Math.max(failing.since, Math.min(failing.until ?? end, enough));
  const room = Math.max(second, Math.round((to - from) * 0.15));
  return { from: from - room, to: to + room };
}

/** The timeline of what failed and its tree, about the failure, with the change before it selected. */
export function failingView(failing: FailingObject, end: Moment, from: View): View {
  const { follow: _follow, sel: _sel, ...view } = timelineOf(failing, from);
  void [_follow, _sel];
  const uid = failing.uid;
  const { change } = failing;
  const seen = change && failing.since - change.at <= related;
  return {
    ...view,
    ...windowOf(failing, end),
    at: seen ? change.at : failing.since,
    ...(uid ? { sel: { cluster: failing.cluster, uid, id: seen ? change.id : '' } } : {}),
  };
}

/** Searches for records in the window of the view. */
export function searchView(filter: string, view: View, words: Record<string, string> = {}): View {
  return { ...windowWords(view), page: 'search', set: { ...everything, cluster: view.set.cluster, filter }, words };
}

/** The timeline of what a change was about, with the change selected. */
export function markView({ object, mark }: Activity['people'][number], view: View): View {
  const { sel: _sel, ...there } = timelineOf(object, view);
  void _sel;
  return { ...there, at: mark.at, ...(object.uid ? { sel: { cluster: object.cluster, uid: object.uid, id: mark.id } } : {}) };
}

/** Searches for the changes that one person made in one go. */
export function runView(fold: PeopleFold, view: View): View {
  const { object, mark } = fold.newest;
  const terms = [`request.user == ${JSON.stringify(mark.who ?? '')}`];
  if (mark.verb) terms.push(`request.verb == ${JSON.stringify(mark.verb)}`);
  if (object.resource) terms.push(`resource == ${JSON.stringify(object.resource)}`);
  if (object.namespace) terms.push(`namespace == ${JSON.stringify(object.namespace)}`);
  const { follow: _follow, ...there } = searchView(terms.join(' && '), view, { order: 'newest' });
  void _follow;
  return { ...there, set: { ...there.set, cluster: object.cluster }, from: fold.from - second, to: fold.to + second };
}

/** The window and cursor of a view, without what is selected. */
function windowWords(view: View): Pick<View, 'from' | 'to' | 'follow' | 'at'> {
  return {
    ...(view.from === undefined ? {} : { from: view.from }),
    ...(view.to === undefined ? {} : { to: view.to }),
    ...(view.follow === undefined ? {} : { follow: view.follow }),
    ...(view.at === undefined ? {} : { at: view.at }),
  };
}

/** Another page with the same window and cluster. */
export function sameWindow(page: View['page'], view: View, words: Record<string, string> = {}): View {
  return { ...windowWords(view), page, set: { ...everything, cluster: view.set.cluster }, words };
}

/** The filter that finds what failed the same way. */
export function errorFilter(error: Pick<ErrorSource, 'user' | 'verb' | 'code' | 'resource' | 'group'>): string {
  const terms: string[] = [];
  if (error.user) terms.push(`request.user == ${JSON.stringify(error.user)}`);
  terms.push(`request.verb == ${JSON.stringify(error.verb)}`);
  if (error.resource) {
    const [resource = '', subresource] = error.resource.split('/');
    terms.push(`request.resource == ${JSON.stringify(resource)}`);
    if (error.group) terms.push(`request.group == ${JSON.stringify(error.group)}`);
    if (subresource) terms.push(`request.subresource == ${JSON.stringify(subresource)}`);
  }
  terms.push(`request.code == ${error.code}`);
  return terms.join(' && ');
}

/** What people changed: as the server counts people, nobody whose name begins with system: but its administrators. */
export const peopleFilter = 'kind == "request" && !request.read && !request.user.startsWith("system:") && request.code < 400';

export const failuresFilter = 'request.code >= 400';

export const warningsFilter = 'event.type == "Warning"';
