/** Time and x: which moment of a window lies at which pixel, and how a window moves. Pure; a scale is never changed, only made anew. */
import type { Moment, Window } from './moment';

/** A window drawn over width pixels. */
export interface Scale extends Window {
  readonly width: number;
  /** Microseconds of one pixel. */
  readonly perPixel: number;
}

/** The shortest window: below, half-microseconds of 2026 are no longer numbers of their own. */
export const shortest = 200;

/** The longest window: some 200 years. */
export const longest = 200 * 366 * 86_400_000_000;

export function scaleOf(window: Window, width: number): Scale {
  const wide = Math.max(1, width);
  return { from: window.from, to: window.to, width: wide, perPixel: (window.to - window.from) / wide };
}

/** The pixel of a moment; outside of 0 to width where the moment is outside the window. */
export function xOf(scale: Scale, at: Moment): number {
  return (at - scale.from) / scale.perPixel;
}

/** The moment at a pixel. */
export function timeAt(scale: Scale, x: number): Moment {
  return Math.round(scale.from + x * scale.perPixel);
}

/** Zooms so that the moment at x stays at x. A factor above 1 shows more detail. */
export function zoomedAt(scale: Scale, x: number, factor: number): Window {
  const span = Math.min(longest, Math.max(shortest, (scale.to - scale.from) / factor));
  const share = x / scale.width;
  const at = scale.from + x * scale.perPixel;
  const from = Math.round(at - share * span);
  return { from, to: from + Math.round(span) };
}

/** Moves the window by pixels: what was at x is at x - pixels then. */
export function pannedBy(scale: Scale, pixels: number): Window {
  const by = Math.round(pixels * scale.perPixel);
  return { from: scale.from + by, to: scale.to + by };
}

/**
 * Keeps a window near what there is to see: at least a tenth of the window touches the bounds, and it is no longer than three times the bounds (which is
 * room enough to see where they end).
 */
export function clampedTo(window: Window, bounds: Window): Window {
  const room = Math.max(shortest, bounds.to - bounds.from);
  let { from, to } = window;
  const span = Math.min(Math.max(to - from, shortest), room * 3);
  if (span !== to - from) {
    const middle = (from + to) / 2;
    from = Math.round(middle - span / 2);
    to = from + Math.round(span);
  }
  const keep = Math.round(span / 10);
  const by = to < bounds.from + keep ? bounds.from + keep - to : from > bounds.to - keep ? bounds.to - keep - from : 0;
  return by === 0 ? { from, to } : { from: from + by, to: to + by };
}

/** A window with room at both ends, as a share of its length: for showing something whole. */
export function withMargin(window: Window, share = 0.04, least = shortest): Window {
  const span = Math.max(window.to - window.from, least);
  const middle = (window.from + window.to) / 2;
  const half = Math.round(span * (0.5 + share));
  return { from: Math.round(middle) - half, to: Math.round(middle) + half };
}

/** The least window that holds all of them; undefined where there are none. */
export function hullOf(windows: Iterable<Window>): Window | undefined {
  let from = Infinity;
  let to = -Infinity;
  for (const w of windows) {
    from = Math.min(from, w.from);
    to = Math.max(to, w.to);
  }
  return from <= to ? { from, to } : undefined;
}

/**
 * A window between two, at share 0 to 1 of the way. The length goes geometrically, so that zooming looks even, and the place goes with it, so that what is
 * in both stays in view.
 */
export function between(a: Window, b: Window, share: number): Window {
  if (share <= 0) return a;
  if (share >= 1) return b;
  const spanA = a.to - a.from;
  const spanB = b.to - b.from;
  const span = spanA * Math.pow(spanB / spanA, share);
  // The point that the two have in common stays where it is while zooming; for a mere pan the middle moves evenly.
  const way = Math.abs(spanB - spanA) < spanA * 1e-6 ? share : (span - spanA) / (spanB - spanA);
  const from = Math.round(a.from + (b.from - a.from) * way);
  return { from, to: from + Math.max(1, Math.round(span)) };
}

/** Slow at both ends. */
export function eased(share: number): number {
  const s = Math.min(1, Math.max(0, share));
  return s < 0.5 ? 4 * s * s * s : 1 - Math.pow(-2 * s + 2, 3) / 2;
}

export function sameWindow(a: Window, b: Window): boolean {
  return a.from === b.from && a.to === b.to;
}
