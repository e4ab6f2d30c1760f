import { describe, expect, it } from 'vitest';
import { Letters } from './paint';
import { SvgPaint } from './paint_svg';
import type { Look } from './look';
import { mixed } from './look';
import { colourOf, columnHeight, drawGlyph } from './draw_marks';
import { shapes } from './lanedata';
import { gripAt, gripped } from './input_minimap';
import { scaleOf } from '../time/scale';

describe('letters', () => {
  const letters = new Letters('10px x', () => 6);
  it.each([
    ['Running', 100, 'Running'],
    ['Running', 42, 'Running'],
    ['CrashLoopBackOff', 48, 'CrashLo…'],
    ['Running', 20, ''],
    ['', 0, ''],
    ['日本語テキスト', 42, '日本語テキスト'],
  ])('%s in %d pixels', (text, room, want) => {
    expect(letters.fit(text, room)).toBe(want);
  });
});

describe('svg', () => {
  it('is what was drawn, with text escaped and clips closed', () => {
    const paint = new SvgPaint(100, 50);
    paint.fillStyle = paint.pattern('stripes', '#ff0000');
    paint.fillRect(1, 2, 30.123456, 4);
    paint.save();
    paint.beginPath();
    paint.rect(0, 0, 10, 10);
    paint.clip();
    paint.fillStyle = '#00ff00';
    paint.fillText('<script>"&', 1, 2);
    paint.restore();
    const svg = paint.svg();
    expect(svg).toContain('width="30.12"');
    expect(svg).toContain('url(#p0)');
    expect(svg).not.toContain('<script>');
    expect(svg.match(/<g /g)?.length).toBe(svg.match(/<\/g>/g)?.length);
  });
});

describe('glyphs', () => {
  const palette = { bg: 'ground', text: 'edge', read: 'read', failed: 'failed', delete: 'delete', span: 'span', normal: 'normal', warning: 'warning', textFaint: 'faint', change: 'change' };
  const look = { palette } as unknown as Look;

  it('leave both colours as they were: the next one of the same shape is drawn with them', () => {
    for (const shape of shapes) {
      const once = new SvgPaint(30, 30);
      const twice = new SvgPaint(30, 30);
      const colour = colourOf(look.palette, shape);
      once.fillStyle = once.strokeStyle = twice.fillStyle = twice.strokeStyle = colour;
      drawGlyph(once, look, shape, 10, 10, 20);
      const drawn = once.svg();
      expect([once.fillStyle, once.strokeStyle]).toEqual([colour, colour]);
      drawGlyph(twice, look, shape, 10, 10, 20);
      drawGlyph(twice, look, shape, 10, 10, 20);
      const inner = (svg: string) => svg.slice(svg.indexOf('</defs>') + 7, -6);
      expect(inner(twice.svg())).toBe(`${inner(drawn)}\n${inner(drawn)}`);
    }
  });
});

describe('colours and columns', () => {
  it('are mixed', () => {
    expect(mixed('#ffffff', '#000000', 0.5)).toBe('#808080');
    expect(mixed('red', '#000000', 0.5)).toBe('red');
  });

  it('grow with what they count', () => {
    const heights = [0, 1, 2, 5, 20, 100, 1e6].map(columnHeight);
    expect(heights[0]).toBe(0);
    for (let i = 1; i < heights.length; i++) expect(heights[i]!).toBeGreaterThanOrEqual(heights[i - 1]!);
    expect(heights.at(-1)).toBe(9);
  });
});

describe('the minimap', () => {
  const whole = scaleOf({ from: 0, to: 1000 }, 1000);
  const window = { from: 400, to: 600 };
  it.each([[398, 'from'], [603, 'to'], [500, 'move'], [100, 'new'], [900, 'new']] as const)('at %d is gripped by %s', (x, grip) => {
    expect(gripAt(whole, window, x)).toBe(grip);
  });

  it('moves what is gripped', () => {
    expect(gripped('move', window, 500, 550, 10)).toEqual({ from: 450, to: 650 });
    expect(gripped('from', window, 400, 900, 10)).toEqual({ from: 590, to: 600 });
    expect(gripped('to', window, 600, 700, 10)).toEqual({ from: 400, to: 700 });
    expect(gripped('new', window, 100, 50, 10)).toEqual({ from: 50, to: 100 });
    expect(gripAt(whole, { from: 500, to: 505 }, 502)).toBe('move');
  });
});
