/** Which time the overview shows: what is recorded, the window that was chosen, and what of both the chart draws. Pure. */
import type { ClusterInfo } from '../../api/types';
import { formatSpan } from '../../time/format';
import { hour, parseMoment, second, type Moment, type Window } from '../../time/moment';
import { hullOf, withMargin } from '../../time/scale';
import type { View } from '../../url/state';

/** What is recorded of some clusters; live data may have gone beyond. undefined: nothing. */
export function recordedOf(clusters: readonly ClusterInfo[], newest: Record<string, Moment>): Window | undefined {
  return hullOf(
    clusters.flatMap((cluster) => {
      const [from, last] = [parseMoment(cluster.first), parseMoment(cluster.last)];
      if (from === undefined || last === undefined) return [];
      // The newest fact belongs to what is recorded, and windows do not hold their end.
      return [{ from, to: Math.max(last, newest[cluster.name] ?? 0, from) + 1 }];
    }),
  );
}

/** The window that the URL names, its open ends at those of the recording; undefined where it names none. */
export function chosenOf(view: Pick<View, 'from' | 'to' | 'follow'>, recorded: Window): Window | undefined {
  if (view.follow !== undefined) return { from: recorded.to - view.follow, to: recorded.to };
  if (view.from === undefined && view.to === undefined) return undefined;
  const from = view.from ?? Math.min(recorded.from, (view.to ?? recorded.to) - 1);
  return { from, to: Math.max(from + 1, view.to ?? Math.max(recorded.to, from + 1)) };
}

/** How much of the recording a window is, in words; a share is told only of what lies within. */
export function wordsOf(chosen: Window, recorded: Window): string {
  const [span, whole] = [chosen.to - chosen.from, recorded.to - recorded.from];
  if (chosen.from <= recorded.from && chosen.to >= recorded.to) return 'everything that is recorded';
  if (chosen.to <= recorded.from || chosen.from >= recorded.to) return `${formatSpan(span)} chosen, outside of what is recorded`;
  return span >= whole ? `${formatSpan(span)} chosen` : `${formatSpan(span)} chosen of ${formatSpan(whole)}`;
}

/** How the chart shows a window: within everything, or near. */
export type Span = 'all' | 'near';

/** A window that is too narrow within everything is shown near, unless the person said otherwise. */
export function spanOf(word: string | undefined, chosen: Window | undefined, recorded: Window): Span {
  if (!chosen) return 'all';
  if (word === 'all' || word === 'near') return word;
  return (chosen.to - chosen.from) / (recorded.to - recorded.from) < 0.02 ? 'near' : 'all';
}

/** The time that the chart draws. */
export function extentOf(span: Span, chosen: Window | undefined, recorded: Window): Window {
  if (!chosen) return atLeast(recorded);
  if (span === 'all') return atLeast({ from: Math.min(recorded.from, chosen.from), to: Math.max(recorded.to, chosen.to) });
  // Nothing is to be seen beyond what is recorded: a little room says that it ends there.
  const near = withMargin(chosen, 0.5);
  const room = Math.round((chosen.to - chosen.from) * 0.04);
  return {
    from: Math.max(near.from, Math.min(chosen.from, recorded.from) - room),
    to: Math.min(near.to, Math.max(chosen.to, recorded.to) + room),
  };
}

function atLeast(window: Window): Window {
  return window.to - window.from >= second ? window : withMargin(window, 0, second);
}

/** How much of a long recording is shown before the whole is there; undefined for a short one. */
export function recentOf(recorded: Window): number | undefined {
  const span = recorded.to - recorded.from;
  return span < 12 * hour ? undefined : Math.max(hour, Math.ceil(span / 100));
}

/** How long to wait before a question is asked again that took so long, in milliseconds: at most a ninth of the time goes into it. */
export function pauseAfter(took: number): number {
  return Math.min(120_000, Math.max(500, took * 8));
}
