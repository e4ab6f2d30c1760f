/** Draws the whole picture below the overlay: grid, rows in view, ruler, minimap. The same calls make the canvas, the PNG and the SVG. */
import type { Row } from '../api/drawn';
import { stateNames, type StateName } from '../theme/palette';
import type { Window } from '../time/moment';
import type { Zone } from '../time/format';
import { rulerOf, type Ruler } from '../time/ruler';
import type { Scale } from '../time/scale';
import { Assembled, AssembledDerived } from './assemble';
import { drawBeyond, drawGrid, drawMinimap, drawRuler, headHeight, minimapHeight, minimapScale, type Density } from './draw_head';
import { barTop, drawBars, drawMissing, drawSteps, drawUnknown, type Place } from './draw_lane';
import { drawBins, drawMarks, glyphRoom } from './draw_marks';
import type { LaneEntry, LaneStore } from './lanestore';
import type { Look } from './look';
import type { Paint } from './paint';
import { heightOf, lineAt, type Layout, type Layouts, type Line } from './rows';
import { tilesOf, type TileRange } from './tiles';

/** Everything that the picture depends on. */
export interface Scene {
  rows: readonly Row[];
  layouts: Layouts;
  store: LaneStore;
  scale: Scale;
  zone: Zone;
  /** What is recorded at all. */
  recorded: Window;
  /** The part of it that there is something to see in: what the minimap shows. */
  extent: Window;
  density: Density | undefined;
  /** Size of the whole picture, and the left edge of the lanes. */
  width: number;
  height: number;
  left: number;
  scrollTop: number;
  cursor: number | undefined;
  /** Milliseconds, for what moves while loading; 0: nothing moves. */
  now: number;
}

/** Lists that are filled for one lane after the other. */
export const scratch = { lane: new Assembled(), derived: new AssembledDerived() };

/** Height of the pinned rows that is shown: at most two fifths of the picture. */
export function pinnedHeight(scene: Pick<Scene, 'layouts' | 'height'>): number {
  return Math.min(scene.layouts.pinned.height, Math.floor((scene.height - headHeight) * 0.4));
}

export interface Drawn {
  ruler: Ruler;
  range: TileRange;
  /** Something is skeleton still: draw again soon. */
  moving: boolean;
}

/** Draws it all. told is called for each object in view with the state at the cursor, or at the end of the window. */
export function drawScene(paint: Paint, look: Look, scene: Scene, told: (line: Line, state: StateName | '') => void): Drawn {
  const { scale, left, height, width } = scene;
  const ruler = rulerOf(scale, scene.zone);
  const range = tilesOf(scale);
  const pinned = pinnedHeight(scene);
  const place: Place = { paint, look, scale, left, end: scene.recorded.to };
  paint.fillStyle = look.palette.bg;
  paint.fillRect(0, 0, width, height);
  const body = headHeight + pinned;
  const bottom = Math.min(height, body + Math.max(scene.layouts.main.height - scene.scrollTop, 0));
  drawBeyond(paint, look, scale, scene.recorded, left, headHeight, Math.max(bottom, body) - headHeight);
  drawGrid(paint, look, scale, ruler, left, headHeight, height - headHeight);
  paint.save();
  paint.beginPath();
  paint.rect(left, body, scale.width, height - body);
  paint.clip();
  let moving = drawRows(place, scene, scene.layouts.main, scene.scrollTop, body - scene.scrollTop, height, range, told);
  paint.restore();
  if (pinned > 0) moving = drawPinned(place, scene, pinned, ruler, range, told) || moving;
  drawRuler(paint, look, scale, ruler, left, minimapHeight);
  drawMinimap(paint, look, minimapScale(scene.extent, scale, scale.width), scale, scene.density, left, 0);
  return { ruler, range, moving };
}

function drawPinned(place: Place, scene: Scene, height: number, ruler: Ruler, range: TileRange, told: (line: Line, state: StateName | '') => void): boolean {
  const { paint, look, left, scale } = place;
  paint.save();
  paint.beginPath();
  paint.rect(left, headHeight, scale.width, height);
  paint.clip();
  paint.fillStyle = look.palette.raised;
  paint.fillRect(left, headHeight, scale.width, height);
  drawBeyond(paint, look, scale, scene.recorded, left, headHeight, height);
  drawGrid(paint, look, scale, ruler, left, headHeight, height);
  const moving = drawRows(place, scene, scene.layouts.pinned, 0, headHeight, headHeight + height, range, told);
  paint.restore();
  paint.fillStyle = look.palette.lineStrong;
  paint.fillRect(left, headHeight + height - 1, scale.width, 1);
  return moving;
}

/** Draws the rows of one layout that lie above bottom; offset is where its first row stands. */
export function drawRows(place: Place, scene: Scene, layout: Layout, top: number, offset: number, bottom: number, range: TileRange, told: (line: Line, state: StateName | '') => void): boolean {
  const { paint, look, left, scale } = place;
  let moving = false;
  if (layout.lines.length === 0) return false;
  for (let i = lineAt(layout, top); i < layout.lines.length; i++) {
    const line = layout.lines[i];
    const y = (layout.top[i] ?? 0) + offset;
    if (!line || y > bottom) break;
    const height = heightOf(line);
    if (line.kind === 'group') drawGroup(place, y, height);
    else moving = drawLine(place, scene, line, y, height, range, told) || moving;
    if (line.kind !== 'derived') {
      paint.fillStyle = look.faintLine;
      paint.fillRect(left, Math.round(y) - 1, scale.width, 1);
    }
  }
  return moving;
}

function drawGroup({ paint, look, left, scale }: Place, y: number, height: number): void {
  paint.globalAlpha = 0.7;
  paint.fillStyle = look.palette.sunken;
  paint.fillRect(left, y, scale.width, height);
  paint.globalAlpha = 1;
}

function drawLine(place: Place, scene: Scene, line: Line, y: number, height: number, range: TileRange, told: (line: Line, state: StateName | '') => void): boolean {
  const row = scene.rows[line.row];
  if (!row?.uid) {
    drawNote(place, row?.stub ? 'only named by others; nothing of it was recorded' : '', y, height);
    return false;
  }
  const entry = scene.store.entry(row.cluster, row.uid);
  if (line.kind === 'derived') return drawDerived(place, scene, line, entry, y, height, range);
  const lane = scratch.lane;
  if (entry) lane.fill(scene.store, entry, range, scene.scale, glyphRoom * 2 * scene.scale.perPixel);
  // What was there before the server went away is drawn still.
  if (entry?.error && lane.complete === 0) {
    drawNote(place, line.kind === 'object' ? `${entry.error} — click to ask again` : '', y, height, true);
    return false;
  }
  if (!entry || lane.complete === 0 || line.kind === 'waiting') {
    drawSkeleton(place, scene.now, line.row, y, height);
    return true;
  }
  drawUnknown(place, lane.unknown, y + 2, height - 4);
  drawBars(place, lane.bars, y + barTop, height - barTop - 1);
  drawBins(place, lane, y);
  drawMarks(place, lane, y, height);
  const moving = drawMissing(place, lane.missing, scene.recorded, entry.error ? 0 : scene.now, y + 2, height - 4) && !entry.error;
  told(line, stateAt(lane, scene.cursor !== undefined && scene.cursor >= scene.scale.from && scene.cursor <= scene.scale.to ? scene.cursor : scene.scale.to - 1));
  return moving;
}

function drawDerived(place: Place, scene: Scene, line: Line, entry: LaneEntry | undefined, y: number, height: number, range: TileRange): boolean {
  if (!entry || !line.shape) return false;
  const derived = scratch.derived;
  derived.fill(scene.store, entry, line.shape.key, range);
  if (line.shape.steps) drawSteps(place, derived, y, height);
  else drawBars(place, derived.bars, y + 2, height - 4);
  return drawMissing(place, derived.missing, scene.recorded, entry.error ? 0 : scene.now, y + 2, height - 4) && !entry.error;
}

/** The state that holds at a moment; '' where there is none. */
export function stateAt(lane: Assembled, at: number): StateName | '' {
  const { bars } = lane;
  for (let i = bars.count - 1; i >= 0; i--) if ((bars.from[i] ?? 0) <= at) return (bars.to[i] ?? 0) > at ? (stateNames[bars.state[i] ?? 0] ?? '') : '';
  return '';
}

function drawNote({ paint, look, left }: Place, text: string, y: number, height: number, bad = false): void {
  if (!text) return;
  paint.font = look.small.font;
  paint.textAlign = 'left';
  paint.textBaseline = 'middle';
  paint.fillStyle = bad ? look.palette.failed : look.palette.textFaint;
  paint.fillText(text, left + 8, y + height / 2);
}

/** Where a lane was never loaded: a bar that breathes. */
function drawSkeleton({ paint, look, left, scale }: Place, now: number, seed: number, y: number, height: number): void {
  paint.fillStyle = look.palette.lineStrong;
  paint.globalAlpha = 0.16 + (now ? 0.08 * Math.sin(now / 260 + seed * 0.7) : 0);
  const begin = (seed * 37) % 23;
  paint.fillRect(left + (scale.width * begin) / 100, y + height - 12, scale.width * (0.45 + ((seed * 13) % 30) / 100), 9);
  paint.globalAlpha = 1;
}
