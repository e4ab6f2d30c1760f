import { describe, expect, it } from 'vitest';
import { barredRing, brackets, cross, dot, emptyBox, emptyDiamond, fullDiamond, hatch, triangle, type Pen } from './shapes';

/** A pen that writes down what is painted, and in which colour. */
function written(): { pen: Pen; painted: string[] } {
  const painted: string[] = [];
  let path = '';
  const pen: Pen = {
    fillStyle: 'own', strokeStyle: 'own', lineWidth: 0,
    fillRect: (x, y, w, h) => painted.push(`fill ${String(pen.fillStyle)} rect ${x},${y} ${w}×${h}`),
    strokeRect: (x, y, w, h) => painted.push(`stroke ${String(pen.strokeStyle)} rect ${x},${y} ${w}×${h}`),
    beginPath: () => (path = ''),
    closePath: () => (path += 'Z'),
    moveTo: (x, y) => (path += `M${x},${y}`),
    lineTo: (x, y) => (path += `L${x},${y}`),
    arc: (x, y, r) => (path += `O${x},${y},${r}`),
    fill: () => painted.push(`fill ${String(pen.fillStyle)} ${path}`),
    rect: (x, y, w, h) => (path += `R${x},${y},${w}×${h}`),
    clip: () => painted.push(`clip ${path}`),
    save: () => painted.push('save'),
    restore: () => painted.push('restore'),
    stroke: () => painted.push(`stroke ${String(pen.strokeStyle)} ${path}`),
  };
  return { pen, painted };
}

const shapes: Record<string, (pen: Pen) => void> = {
  dot: (pen) => dot(pen, 10, 10), emptyBox: (pen) => emptyBox(pen, 10, 10), emptyDiamond: (pen) => emptyDiamond(pen, 10, 10), cross: (pen) => cross(pen, 10, 10),
  fullDiamond: (pen) => fullDiamond(pen, 10, 10, 'edge'), barredRing: (pen) => barredRing(pen, 10, 10, 'ground'), brackets: (pen) => brackets(pen, 10, 10), triangle: (pen) => triangle(pen, 10, 10),
};

describe('shapes', () => {
  it('differ from each other without colour', () => {
    const forms = Object.values(shapes).map((draw) => {
      const { pen, painted } = written();
      draw(pen);
      return painted.map((line) => line.replace(/^(\w+) \w+/, '$1')).join('\n');
    });
    expect(new Set(forms).size).toBe(forms.length);
    expect(forms.every((form) => form !== '')).toBe(true);
  });

  it('paint the ground of what failed before its ring', () => {
    const { pen, painted } = written();
    barredRing(pen, 10, 10, 'ground');
    expect(painted).toEqual(['fill ground O10,10,4.2', 'stroke own O10,10,4.2', 'stroke own M7.3,12.7L12.7,7.3']);
  });

  it('hatch an area and nothing beside it', () => {
    const { pen, painted } = written();
    hatch(pen, { x: 0, y: 0, width: 7, height: 7 }, 'grey');
    expect(painted).toEqual(['save', 'clip R0,0,7×7', 'stroke grey M-7,7L0,0M0,7L7,0', 'restore']);
    hatch(pen, { x: 0, y: 0, width: -1, height: 7 }, 'grey');
    expect(painted).toHaveLength(4);
  });

  it('leave a normal Event empty where no ground is given', () => {
    const { pen, painted } = written();
    emptyDiamond(pen, 10, 10);
    expect(painted).toEqual(['stroke own M10,6.4L13.6,10L10,13.6L6.4,10Z']);
  });
});
