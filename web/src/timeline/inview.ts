/** Where lines and records stand in the picture, and which lanes it needs. Pure but for the lists that are used again. */
import { headHeight } from './draw_head';
import type { Overlay } from './draw_overlay';
import { laneKey, type Wanted } from './lanestore';
import { heightOf, lineAt, type Layout, type Line } from './rows';
import { pinnedHeight, scratch, type Scene } from './scene';
import type { TileRange } from './tiles';

/** A line of one of the two lists, and where it stands in the picture. */
export interface Spot {
  line: Line;
  index: number;
  pinned: boolean;
  y: number;
  height: number;
}

/** Where the first line of a list stands. */
function offsetOf(scene: Scene, pinned: boolean): number {
  return pinned ? headHeight : headHeight + pinnedHeight(scene) - scene.scrollTop;
}

function spotIn(scene: Scene, layout: Layout, index: number, pinned: boolean): Spot | undefined {
  const line = layout.lines[index];
  return line && { line, index, pinned, y: offsetOf(scene, pinned) + (layout.top[index] ?? 0), height: heightOf(line) };
}

/** The line with a key. */
export function spotOf(scene: Scene, key: string): Spot | undefined {
  const { main, pinned } = scene.layouts;
  const index = main.byKey.get(key);
  if (index !== undefined) return spotIn(scene, main, index, false);
  const above = pinned.byKey.get(key);
  return above === undefined ? undefined : spotIn(scene, pinned, above, true);
}

/** The line at a height of the picture. */
export function spotAt(scene: Scene, y: number): Spot | undefined {
  if (y < headHeight) return undefined;
  const pinned = y < headHeight + pinnedHeight(scene);
  const layout = pinned ? scene.layouts.pinned : scene.layouts.main;
  const inside = y - offsetOf(scene, pinned);
  if (layout.lines.length === 0 || inside >= layout.height) return undefined;
  return spotIn(scene, layout, lineAt(layout, inside), pinned);
}

/** The lanes in view, then some below and above it. */
export function lanesInView(scene: Scene): Wanted[] {
  const found = new Map<string, Wanted>();
  const add = (layout: Layout, from: number, to: number) => {
    for (let i = Math.max(0, from); i <= Math.min(to, layout.lines.length - 1); i++) {
      const line = layout.lines[i];
      const row = line && scene.rows[line.row];
      if (!line || !row?.uid || line.kind === 'group') continue;
      const key = laneKey(row.cluster, row.uid);
      const derived = line.open || line.kind !== 'object' || found.get(key)?.derived === true;
      found.set(key, { cluster: row.cluster, uid: row.uid, derived });
    }
  };
  const { layouts, scrollTop, height } = scene;
  const first = lineAt(layouts.main, scrollTop);
  const last = lineAt(layouts.main, scrollTop + height - headHeight);
  add(layouts.pinned, 0, layouts.pinned.lines.length);
  add(layouts.main, first, last);
  add(layouts.main, last + 1, last + 8);
  add(layouts.main, first - 6, first - 1);
  return [...found.values()];
}

/** Where a selected record is drawn; undefined where it is not in view. */
export function selectedPlace(scene: Scene, range: TileRange, spot: Spot, selected: { cluster: string; uid: string; id: string }): Overlay['selected'] {
  const entry = selected.id ? scene.store.entry(selected.cluster, selected.uid) : undefined;
  if (!entry || spot.y > scene.height || spot.y + spot.height < headHeight) return undefined;
  const lane = scratch.lane;
  lane.fill(scene.store, entry, range, scene.scale, 0);
  for (let i = 0; i < lane.marks; i++)
    if (lane.mark[i]?.id === selected.id) return { y: spot.y, height: spot.height, from: lane.markAt[i] ?? 0, to: lane.markUntil[i] ?? 0, glyph: true };
  for (let i = 0; i < lane.bars.count; i++)
    if (lane.bars.bar[i]?.id === selected.id)
      return { y: spot.y + 10, height: spot.height - 10, from: lane.bars.from[i] ?? 0, to: Math.min(lane.bars.to[i] ?? 0, scene.recorded.to), glyph: false };
  return undefined;
}
