/** Warnings by reason. Pure. */
import type { Hit } from '../../api/types';

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
