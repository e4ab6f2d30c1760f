/**
 * Which pieces of lanes a picture needs. A lane is kept in tiles: one level of detail (columns of 2^level microseconds) of one stretch of time (a whole
 * number of stretches since 1970). Panning and zooming back meet the same tiles again, here and in whatever caches lie between.
 */
import type { Window } from '../time/moment';
import type { Scale } from '../time/scale';

/** Columns of a tile. */
export const tileBins = 1024;

/** The coarsest level: columns of 2^46 µs, some two years. */
export const lastLevel = 46;

/** A level and the tiles of it that a window touches, both ends included. */
export interface TileRange {
  level: number;
  first: number;
  last: number;
}

/** The level whose columns are 1.5 to 3 pixels wide: a glyph is wider than that, and a column of a sparkline not much. */
export function levelFor(perPixel: number): number {
  const level = Math.ceil(Math.log2(Math.max(perPixel * 1.5, 1)));
  return Math.min(lastLevel, Math.max(0, level));
}

/** Microseconds of a column. */
export function binOf(level: number): number {
  return 2 ** level;
}

/** Microseconds of a tile. */
export function spanOf(level: number): number {
  return binOf(level) * tileBins;
}

export function tileWindow(level: number, index: number): Window {
  const span = spanOf(level);
  return { from: index * span, to: (index + 1) * span };
}

/** The tiles that draw a scale. */
export function tilesOf(scale: Scale): TileRange {
  const level = levelFor(scale.perPixel);
  const span = spanOf(level);
  return { level, first: Math.floor(scale.from / span), last: Math.max(Math.floor(scale.from / span), Math.ceil(scale.to / span) - 1) };
}

/** One number for a tile: levels are below 64. */
export function tileKey(level: number, index: number): number {
  return index * 64 + level;
}

/** The tile of a coarser level that holds this one. */
export function above(index: number, levels: number): number {
  return Math.floor(index / 2 ** levels);
}
