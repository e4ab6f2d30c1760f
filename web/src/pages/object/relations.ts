/** Links of an object as the page counts them: pure. */
import type { Link } from '../../api/types';
import { counted } from '../../text/counts';

/** Whether a link only says that an Event is about the object: Events have a tab of their own. */
export function isOfEvent(link: Pick<Link, 'type'>): boolean {
  return link.type === 'regards';
}

/** How many links there are to other objects; every number of links on the page is this one. */
export function relationsOf(links: readonly Pick<Link, 'type'>[]): number {
  return links.filter((link) => !isOfEvent(link)).length;
}

/** "2 links, and 10 of Events". */
export function relationWords(links: readonly Pick<Link, 'type'>[]): string {
  const count = relationsOf(links);
  const events = links.length - count;
  return counted(count, 'link') + (events > 0 ? `, and ${counted(events, 'Event')} about it` : '');
}
