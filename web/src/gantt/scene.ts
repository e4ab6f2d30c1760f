import type { Palette } from '../theme/palette';
import { hueOf } from '../theme/hues';
import type { Moment, Window } from '../time/moment';
import type { Zone } from '../time/format';
import type { Scale } from '../time/scale';
import type { Column } from './columns';
import type { Stretch } from './critical';
import type { Hit, Pick } from './hit';
import type { Spans } from './spans';

export const rowHeight = 24;
/** Beside the bars, at their left: kept for what is drawn between rows (links now, chains of causes later). */
export const gutter = 22;

/** A time in which a kind of object, or everything, could not be observed. */
export interface Unknown extends Window {
  /** Which rows it is about; empty: all. */
  resource: string;
}

/** A line from one span to another. */
export interface Arrow {
  from: number;
  to: number;
}

/** What is drawn. It is changed in place by the Gantt that owns it. */
export interface Scene {
  spans: Spans;
  alerts: Int32Array;
  rows: Int32Array;
  /** The row of each span; that of what is above it where it has none; -1. */
  rowOf: Int32Array;
  scale: Scale;
  zone: Zone;
  palette: Palette;
  /** The first pixel that is seen. */
  top: number;
  height: number;
  hover?: Hit | undefined;
  hoverX: number;
  selected?: Pick | undefined;
  cursor?: Moment | undefined;
  /** What is being marked, before it is let go. */
  brush?: Window | undefined;
  matches: ReadonlySet<number>;
  path: readonly Stretch[];
  unknown: readonly Unknown[];
  arrows: readonly Arrow[];
  /** Used anew for each row. */
  columns: Column[];
}

/** The colour of a span's service. */
export function serviceColor(scene: Scene, span: number): string {
  const service = scene.spans.services[scene.spans.service[span] ?? 0] ?? '';
  return scene.palette.hues[hueOf(service)] ?? scene.palette.textDim;
}

/** The rows that are seen, the last one included. */
export function seenRows(scene: Scene): { first: number; last: number } {
  const first = Math.max(0, Math.floor(scene.top / rowHeight));
  return { first, last: Math.min(scene.rows.length - 1, Math.floor((scene.top + scene.height) / rowHeight)) };
}

/** For each span its row, or that of the nearest one above it that has a row. */
export function rowsOfSpans(spans: Spans, rows: Int32Array): Int32Array {
  const of = new Int32Array(spans.count).fill(-1);
  rows.forEach((span, row) => (of[span] = row));
  for (let i = 0; i < spans.count; i++) {
    const up = spans.parent[i] ?? -1;
    if (of[i] === -1 && up >= 0) of[i] = of[up] ?? -1;
  }
  return of;
}
