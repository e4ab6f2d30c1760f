/** A rectangle on the screen, in pixels. */
export interface Area {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/**
 * Where a card of a size stands beside a point: right of it and below, else left of it and above, and always within the area; one that is larger than the
 * area begins at the area's left upper corner.
 */
export function beside(x: number, y: number, size: { width: number; height: number }, area: Area, margin = 8): { left: number; top: number } {
  return {
    left: along(x, size.width, area.left + margin, area.right - margin, 16, 16),
    top: along(y, size.height, area.top + margin, area.bottom - margin, 18, 12),
  };
}

function along(at: number, size: number, least: number, most: number, after: number, before: number): number {
  const there = at + after + size <= most ? at + after : at - before - size;
  return Math.max(least, Math.min(there, most - size));
}
