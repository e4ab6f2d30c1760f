/** Which window a view means, and the windows near it. */
import { day, hour, minute, second, type Moment, type Window } from '../time/moment';
import type { View } from '../url/state';
import type { ViewChange } from '../url/useView';

/** Lengths that are offered. */
export const presets: readonly { span: number; label: string }[] = [
  { span: minute, label: '1 minute' },
  { span: 5 * minute, label: '5 minutes' },
  { span: 15 * minute, label: '15 minutes' },
  { span: hour, label: '1 hour' },
  { span: 6 * hour, label: '6 hours' },
  { span: day, label: '1 day' },
  { span: 7 * day, label: '7 days' },
];

/** The window in force: of a view that follows, the last stretch before the newest fact; where it is left open, what is recorded (bounds). */
export function windowOf(view: View, bounds?: Partial<Window>): Partial<Window> {
  if (view.follow !== undefined) {
    if (bounds?.to === undefined) return {};
    return { from: bounds.to - view.follow, to: bounds.to + 1 };
  }
  const [from, to] = [view.from ?? bounds?.from, view.to ?? bounds?.to];
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

/** The last stretch of what is recorded; a view that follows goes on following. */
export function lastOf(view: View, span: number, bounds?: Partial<Window>): ViewChange {
  if (view.follow !== undefined || bounds?.to === undefined) return followNow(span);
  return { from: bounds.to - span, to: bounds.to + 1, follow: undefined };
}

/** A window that follows now. */
export function followNow(span: number): ViewChange {
  return { from: undefined, to: undefined, follow: Math.max(second, Math.round(span)) };
}

/** Moved by a part of its length: -0.5 is half a window back. Nothing where an end is not known. */
export function shifted(now: Partial<Window>, part: number): ViewChange | undefined {
  if (now.from === undefined || now.to === undefined) return undefined;
  const step = Math.round((now.to - now.from) * part);
  return { from: now.from + step, to: now.to + step, follow: undefined };
}

/** Wider (2) or narrower (0.5) around its middle, or around the cursor where that lies inside. */
export function zoomed(now: Partial<Window>, factor: number, at?: Moment): ViewChange | undefined {
  const { from, to } = now;
  if (from === undefined || to === undefined) return undefined;
  const around = at !== undefined && at >= from && at <= to ? at : from + Math.floor((to - from) / 2);
  const early = Math.floor(around - (around - from) * factor);
  const late = Math.ceil(around + (to - around) * factor);
  return late - early < 10 ? undefined : { from: early, to: late, follow: undefined };
}

/** A window of this length around a moment. */
export function around(at: Moment, span: number): ViewChange {
  return { from: Math.floor(at - span / 2), to: Math.ceil(at + span / 2), follow: undefined };
}
