/** What was not seen, as pictures need it: gaps of an answer sorted into holes of the time line and statements about resources. Pure. */
import type { Gap } from '../api/types';
import { parseMoment, type Window } from '../time/moment';
import { joined, within, type Open } from './stretches';

/** How a reason is told in a few words, and how much it takes away. */
export interface Reason {
  /** "Watch interrupted". */
  title: string;
  /**
   * edge: before or after what is recorded. hole: facts are missing there. thin: facts are there, but say less. note: nothing is missing, but one must know.
   */
  weight: 'edge' | 'hole' | 'thin' | 'note';
}

const reasons: Record<string, Reason> = {
  'before-recording': { title: 'Before the recording', weight: 'edge' },
  'after-recording': { title: 'After the recording', weight: 'edge' },
  floor: { title: 'Dropped by retention', weight: 'edge' },
  'watch-missed': { title: 'Watch interrupted', weight: 'hole' },
  'watch-error': { title: 'Watch failed', weight: 'hole' },
  dropped: { title: 'Dropped by a limit', weight: 'hole' },
  undecodable: { title: 'Could not be read', weight: 'hole' },
  late: { title: 'Came too late', weight: 'hole' },
  'missing-revision': { title: 'A state is missing', weight: 'hole' },
  'missing-request': { title: 'A request is missing', weight: 'hole' },
  truncated: { title: 'Cut off', weight: 'hole' },
  'not-audited': { title: 'Not audited', weight: 'thin' },
  'not-watched': { title: 'Not watched', weight: 'thin' },
  level: { title: 'Audit level too low', weight: 'thin' },
  epoch: { title: 'resourceVersions ran back', weight: 'note' },
  incarnation: { title: 'Several clusters under one name', weight: 'note' },
  cut: { title: 'Answer cut by a limit', weight: 'note' },
};

/** What a gap's reason means; one that this page does not know is a hole. */
export function reasonOf(reason: string): Reason {
  return reasons[reason] ?? { title: words(reason), weight: 'hole' };
}

/** The reasons in the order in which they matter. */
export function compareReasons(a: string, b: string): number {
  const order = ['hole', 'thin', 'note', 'edge'];
  const known = Object.keys(reasons);
  const rank = (reason: string) => order.indexOf(reasonOf(reason).weight) * 100 + (known.indexOf(reason) + 100) % 100;
  return rank(a) - rank(b) || a.localeCompare(b);
}

function words(reason: string): string {
  const text = reason.replaceAll('-', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** When a gap lasted; a missing end is open. */
export function stretchOf(gap: Pick<Gap, 'from' | 'to'>): Open {
  return { from: parseMoment(gap.from), to: parseMoment(gap.to) };
}

/** A gap as a rectangle of a time line. */
export interface Hole extends Window {
  gap: Gap;
  weight: Reason['weight'];
  title: string;
  /** Something was seen meanwhile: the gap is of some resources, or of one cluster among several. */
  partly?: boolean;
}

/** The gaps of a window as stretches of it; those that lie outside of it are left out. */
export function holesOf(gaps: readonly Gap[], window: Window): Hole[] {
  return gaps.flatMap((gap) => {
    const part = within(stretchOf(gap), window);
    const { weight, title } = reasonOf(gap.reason);
    if (!part || (weight === 'edge' && part.to <= part.from)) return [];
    return [{ ...part, gap, weight, title }];
  });
}

/** Whether a gap takes something away from a certain stretch of time; those that hold of a whole window say how well it was seen instead. */
export function isHole(gap: Gap): boolean {
  const { weight } = reasonOf(gap.reason);
  if (weight === 'hole') return gap.from !== undefined || gap.to !== undefined;
  return weight === 'thin' && gap.from !== undefined && gap.to !== undefined && gap.reason === 'not-watched';
}

/** The resource of a gap as kubectl names it: "deployments.apps"; empty: the whole cluster. */
export function resourceOf(gap: Gap): string {
  const { resource, group } = gap.scope;
  return resource ? (group ? `${resource}.${group}` : resource) : '';
}

/**
 * The holes of a picture that shows several clusters together: those in which nothing of any of them was seen, and, marked as such, those that
 * take only a part away.
 */
export function sharedHoles(gaps: readonly Gap[], clusters: readonly string[], window: Window): Hole[] {
  const all = holesOf(gaps.filter((gap) => isHole(gap) || reasonOf(gap.reason).weight === 'edge'), window);
  const whole = clusters.map((cluster) => all.filter((hole) => hole.gap.scope.cluster === cluster && !hole.gap.scope.resource && hole.weight !== 'note'));
  const [first = [], ...others] = whole;
  let unseen = joined(first);
  for (const holes of others) unseen = intersection(unseen, joined(holes));
  const shared = unseen.flatMap((stretch): Hole[] => {
    const touched = whole.flat().find((hole) => within(hole, stretch));
    return touched ? [{ ...touched, ...stretch }] : [];
  });
  const partly = all.filter((hole) => hole.weight !== 'edge' && !unseen.some((stretch) => stretch.from <= hole.from && hole.to <= stretch.to));
  return [...shared, ...partly.map((hole) => ({ ...hole, partly: true }))];
}

/** What lies in both of two lists of stretches, each joined. */
function intersection(a: readonly Window[], b: readonly Window[]): Window[] {
  return a.flatMap((one) => b.map((other) => ({ from: Math.max(one.from, other.from), to: Math.min(one.to, other.to) })).filter((both) => both.from < both.to));
}
