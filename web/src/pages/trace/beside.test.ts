import { describe, expect, it } from 'vitest';
import { beside } from './beside';

const area = { left: 100, top: 200, right: 900, bottom: 700 };
const size = { width: 300, height: 120 };

describe('beside', () => {
  it.each([
    ['right of the pointer and below', 300, 300, { left: 316, top: 318 }],
    ['left of it near the right edge, where another pane begins', 800, 300, { left: 484, top: 318 }],
    ['above it near the bottom', 300, 650, { left: 316, top: 518 }],
    ['at the edge for a pointer that is outside of it', 950, 300, { left: 592, top: 318 }],
  ])('stands %s', (_, x, y, want) => {
    expect(beside(x, y, size, area)).toEqual(want);
  });

  it.each([
    ['not above the area', { ...area, bottom: 400 }, 300, 300],
    ['not left of the area', { ...area, right: 500 }, 300, 300],
  ])('is %s', (_, narrow, x, y) => {
    const at = beside(x, y, size, narrow);
    expect(at.left).toBeGreaterThanOrEqual(narrow.left + 8);
    expect(at.top).toBeGreaterThanOrEqual(narrow.top + 8);
    expect(at.left + size.width).toBeLessThanOrEqual(narrow.right - 8);
    expect(at.top + size.height).toBeLessThanOrEqual(narrow.bottom - 8);
  });

  it('begins at the corner of an area that is smaller than it', () => {
    expect(beside(150, 250, size, { left: 100, top: 200, right: 200, bottom: 260 })).toEqual({ left: 108, top: 208 });
  });
});
