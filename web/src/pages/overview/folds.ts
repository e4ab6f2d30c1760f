/** Lines of lists that tell the same, as one. Pure. */
import type { Activity, Hit } from '../../api/types';
import { minute, type Moment } from '../../time/moment';

export interface WarningFold {
  reason: string;
  /** Events, each state of a series once. */
  count: number;
  /** How many objects they are about. */
  objects: number;
  /** What the newest one says, and when. */
  note: string;
  last: string | undefined;
}

/** Folds Events, newest first, by their reason; most first. */
export function foldWarnings(hits: readonly Hit[]): WarningFold[] {
  const folds = new Map<string, WarningFold & { seen: Set<string> }>();
  for (const { event, when } of hits) {
    if (!event) continue;
    const about = event.regarding.uid || `${event.regarding.kind}/${event.regarding.namespace}/${event.regarding.name}`;
    const fold = folds.get(event.reason) ?? { reason: event.reason, count: 0, objects: 0, note: event.note, last: when.at, seen: new Set() };
    fold.count++;
    fold.seen.add(about);
    fold.objects = fold.seen.size;
    folds.set(event.reason, fold);
  }
  return [...folds.values()].map(({ seen: _, ...fold }) => (void _, fold)).sort((a, b) => b.count - a.count || a.reason.localeCompare(b.reason));
}

type PersonChange = Activity['people'][number];

/** Changes of one kind that one person made in one go. */
export interface PeopleFold {
  newest: PersonChange;
  count: number;
  /** When the first and the last one was made. */
  from: Moment;
  to: Moment;
}

/** Folds changes, newest first, that follow each other within a minute and are alike but for the object's name. */
export function foldPeople(changes: readonly PersonChange[]): PeopleFold[] {
  const folds: PeopleFold[] = [];
  for (const change of changes) {
    const last = folds.at(-1);
    if (last && alike(last.newest, change) && last.from - change.mark.at <= minute) {
      last.count++;
      last.from = change.mark.at;
    } else folds.push({ newest: change, count: 1, from: change.mark.at, to: change.mark.at });
  }
  return folds;
}

function alike(a: PersonChange, b: PersonChange): boolean {
  const word = ({ object, mark }: PersonChange) =>
    [mark.who, mark.verb, mark.sub, mark.failed, object.cluster, object.group, object.kind ?? object.resource, object.namespace].join('\n');
  return word(a) === word(b) && a.object.uid !== b.object.uid;
}
