/** Choosing a window on a time axis, by pointer and by keys. Pure. */
import type { Moment, Window } from '../time/moment';

/** What a pointer that went down does as it moves. */
export type Grip = { does: 'new'; origin: Moment } | { does: 'move'; origin: Moment; was: Window } | { does: 'from' | 'to'; was: Window };

/** How near, in pixels, the pointer must be to an edge to take it. */
const near = 5;

/** A linear axis of time. */
export interface Axis extends Window {
  left: number;
  width: number;
}

export function momentAt(x: number, axis: Axis): Moment {
  const share = (x - axis.left) / Math.max(1, axis.width);
  return Math.round(axis.from + Math.min(1, Math.max(0, share)) * (axis.to - axis.from));
}

export function pixelOf(at: Moment, axis: Axis): number {
  return axis.left + ((at - axis.from) / Math.max(1, axis.to - axis.from)) * axis.width;
}

/** What a pointer takes hold of that goes down at x. */
export function gripAt(x: number, axis: Axis, chosen: Window | undefined): Grip {
  const origin = momentAt(x, axis);
  if (chosen) {
    const [left, right] = [pixelOf(chosen.from, axis), pixelOf(chosen.to, axis)];
    const [toLeft, toRight] = [Math.abs(x - left), Math.abs(x - right)];
    if (toLeft <= near && toLeft <= toRight) return { does: 'from', was: chosen };
    if (toRight <= near) return { does: 'to', was: chosen };
    if (x > left && x < right) return { does: 'move', origin, was: chosen };
  }
  return { does: 'new', origin };
}

/** The window as the pointer is at x; undefined: too narrow to be meant, a click. */
export function dragged(grip: Grip, x: number, axis: Axis): Window | undefined {
  const at = momentAt(x, axis);
  switch (grip.does) {
    case 'new':
      return Math.abs(pixelOf(grip.origin, axis) - x) < 3 ? undefined : ordered(grip.origin, at);
    case 'move':
      return shifted(grip.was, at - grip.origin, axis);
    case 'from':
      return ordered(at, grip.was.to);
    case 'to':
      return ordered(grip.was.from, at);
  }
}

/** Moves a window within bounds, without changing its length. */
export function shifted(window: Window, by: number, bounds: Window): Window {
  const low = bounds.from - window.from;
  const high = bounds.to - window.to;
  const step = low > high ? 0 : Math.min(high, Math.max(low, by));
  return { from: window.from + step, to: window.to + step };
}

/** A pressed key, as keyboard events have it. */
export interface Pressed {
  key: string;
  shiftKey?: boolean;
  altKey?: boolean;
}

/** What a key makes of the window: another one, none ("clear"), or undefined where it means nothing here. */
export function keyed(pressed: Pressed, chosen: Window | undefined, bounds: Window, step: number): Window | 'clear' | undefined {
  if (pressed.key === 'Escape') return chosen ? 'clear' : undefined;
  const sign = pressed.key === 'ArrowLeft' ? -1 : pressed.key === 'ArrowRight' ? 1 : 0;
  if (pressed.key === 'Home' || pressed.key === 'End') {
    if (!chosen) return undefined;
    return shifted(chosen, pressed.key === 'Home' ? bounds.from - chosen.from : bounds.to - chosen.to, bounds);
  }
  if (sign === 0) return undefined;
  if (!chosen) return first(sign, bounds);
  if (pressed.shiftKey) return stretched(chosen, 'to', sign * step, bounds, step);
  if (pressed.altKey) return stretched(chosen, 'from', sign * step, bounds, step);
  return shifted(chosen, sign * step, bounds);
}

/** Where there is no window yet: the last tenth, or with the right arrow the first. */
function first(sign: number, bounds: Window): Window {
  const tenth = Math.max(1, Math.round((bounds.to - bounds.from) / 10));
  return sign < 0 ? { from: bounds.to - tenth, to: bounds.to } : { from: bounds.from, to: bounds.from + tenth };
}

function stretched(window: Window, end: 'from' | 'to', by: number, bounds: Window, least: number): Window {
  if (end === 'to') return { from: window.from, to: Math.min(bounds.to, Math.max(window.from + least, window.to + by)) };
  return { from: Math.max(bounds.from, Math.min(window.to - least, window.from + by)), to: window.to };
}

function ordered(a: Moment, b: Moment): Window {
  return a <= b ? { from: a, to: Math.max(b, a + 1) } : { from: b, to: a };
}
