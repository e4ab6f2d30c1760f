/** Stretches of time in which something was not seen, laid on a window. Pure. */
import type { Moment, Window } from '../time/moment';

/** A stretch; an open end is undefined. */
export interface Open {
  from?: Moment | undefined;
  to?: Moment | undefined;
}

/** The part of a stretch that lies in a window; undefined where none does. Of a moment it is the moment. */
export function within(stretch: Open, window: Window): Window | undefined {
  const from = Math.max(window.from, stretch.from ?? -Infinity);
  const to = Math.min(window.to, stretch.to ?? Infinity);
  return from > to || (stretch.to !== undefined && stretch.to < window.from) || (stretch.from !== undefined && stretch.from > window.to)
    ? undefined
    : { from, to };
}

/** Joins stretches that touch; sorted by time. */
export function joined(list: readonly Window[]): Window[] {
  const out: Window[] = [];
  for (const one of [...list].sort((a, b) => a.from - b.from)) {
    const last = out.at(-1);
    if (last && one.from <= last.to) last.to = Math.max(last.to, one.to);
    else out.push({ ...one });
  }
  return out;
}

/** A stretch as a rectangle of a picture: at least so wide that it is seen. */
export function barOf(stretch: Window, window: Window, width: number, least = 3): { x: number; width: number } {
  const scale = width / Math.max(1, window.to - window.from);
  const wide = Math.max(least, (stretch.to - stretch.from) * scale);
  const x = Math.min(width - wide, Math.max(0, (stretch.from - window.from) * scale));
  return { x: Math.max(0, x), width: Math.min(width, wide) };
}
