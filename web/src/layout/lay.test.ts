import { describe, expect, it } from 'vitest';
import type { Card, Grouped, Line } from './group';
import { cardHeight, cardWidth, place } from './lay';
import { crossings, layered } from './layers';

/** "a>b b>c" as cards and lines. */
function graph(text: string): Grouped {
  const lines: Line[] = text.split(' ').filter((w) => w.includes('>')).map((word) => {
    const [from = '', to = '', type = 'owns'] = word.split(/[>:]/);
    return { id: word, type, from, to, edges: [] };
  });
  const ids = [...new Set(text.split(/[ >]/).map((w) => w.split(':')[0] ?? '').filter(Boolean))];
  const cards: Card[] = ids.map((id) => ({ id, members: [], group: false }));
  return { cards, lines, cardOf: new Map(), openOf: new Map() };
}

const layersOf = (text: string) => {
  const { cards, lines } = graph(text);
  return layered(cards.map((c) => c.id), lines, cardHeight).layers.map((layer) => layer.flatMap((s) => s.card ?? []).sort().join(''));
};

describe('layers', () => {
  it.each([
    ['a>b b>c', ['a', 'b', 'c']],
    ['a>b a>c b>c', ['a', 'b', 'c']],
    ['d>r r>p p>n s>p', ['d', 'rs', 'p', 'n']],
    ['a>b b>a', ['a', 'b']],
    ['a', ['a']],
  ])('%s', (text, want) => {
    expect(layersOf(text)).toEqual(want);
  });

  it('finds an order without crossings where there is one', () => {
    const { cards, lines } = graph('a>z a>y b>x b>w c>v');
    const { layers } = layered(cards.map((c) => c.id), [...lines].reverse(), cardHeight);
    expect(crossings(layers)).toBe(0);
  });

  it('keeps together what one owns, though it runs on different Nodes', () => {
    const { cards, lines } = graph('d>r d>q r>a q>b r>c q>e a>m:runs-on b>m:runs-on c>n:runs-on e>n:runs-on');
    const { layers } = layered(cards.map((c) => c.id), lines, cardHeight);
    expect(layers[2]!.map((s) => ({ a: 'r', c: 'r', b: 'q', e: 'q' })[s.card ?? '']).join('')).toMatch(/^(rrqq|qqrr)$/);
  });

  it('counts crossings by what the lines weigh', () => {
    const { cards, lines } = graph('a>x b>y');
    const { layers } = layered(cards.map((c) => c.id), lines, cardHeight);
    expect(crossings(layers)).toBe(0);
    expect(crossings([[...layers[0]!].reverse(), layers[1]!])).toBe(144);
  });
});

describe('place', () => {
  /** Like a recorded namespace: a Deployment with ReplicaSets and Pods on Nodes, a Service beside it. */
  function namespace(pods: number): Grouped {
    const words = Array.from({ length: 8 }, (_, i) => `d>r${i}`);
    for (let i = 0; i < pods; i++) words.push(`r${i % 8}>p${i}`, `p${i}>n${i % 10}:runs-on`, `s>p${i}:selects`);
    return graph(words.join(' '));
  }

  it.each([3, 60, 400])('overlaps no two cards of a namespace with %i Pods', (pods) => {
    const grouped = namespace(pods);
    const { boxes, width, height } = place(grouped);
    expect(boxes.size).toBe(grouped.cards.length);
    const byColumn = new Map<number, number[]>();
    for (const box of boxes.values()) {
      expect(box.x >= 0 && box.y >= -0.01 && box.x + box.width <= width + 0.01 && box.y + box.height <= height + 0.01).toBe(true);
      byColumn.set(box.x, [...(byColumn.get(box.x) ?? []), box.y]);
    }
    const columns = [...byColumn.keys()].sort((a, b) => a - b);
    for (let i = 1; i < columns.length; i++) expect(columns[i]! - columns[i - 1]!).toBeGreaterThan(cardWidth);
    for (const ys of byColumn.values()) {
      ys.sort((a, b) => a - b);
      for (let i = 1; i < ys.length; i++) expect(ys[i]! - ys[i - 1]!).toBeGreaterThanOrEqual(cardHeight);
    }
  });

  it('leads each line from its card to the other, at right angles', () => {
    const grouped = namespace(20);
    const { boxes, lines } = place(grouped);
    for (const line of grouped.lines) {
      const points = lines.get(line.id)!;
      const [from, to] = [boxes.get(line.from)!, boxes.get(line.to)!];
      const [first, last] = [points[0]!, points.at(-1)!];
      expect(first.x).toBeCloseTo(from.x + from.width);
      expect(last.x).toBeCloseTo(to.x);
      for (const [p, box] of [[first, from], [last, to]] as const) expect(p.y >= box.y && p.y <= box.y + box.height).toBe(true);
      for (let i = 1; i < points.length; i++) expect(points[i]!.x === points[i - 1]!.x || Math.abs(points[i]!.y - points[i - 1]!.y) < 0.5).toBe(true);
    }
  });

  it('never lets lines of two cards share a trunk', () => {
    const { lines } = place(graph('a>x a>y a>z b>x b>y b>z'));
    const trunk = (id: string) => lines.get(id)!.filter((p, i, all) => i > 0 && p.x === all[i - 1]!.x).map((p) => p.x);
    const [as, bs] = [['a>x', 'a>y', 'a>z'].flatMap(trunk), ['b>x', 'b>y', 'b>z'].flatMap(trunk)];
    expect(as.some((x) => bs.includes(x))).toBe(false);
  });

  it('lays the same out in the same way', () => {
    expect(place(namespace(40))).toEqual(place(namespace(40)));
  });

  it('packs what is not linked', () => {
    const { boxes, width, height } = place(graph('a>b c d e f g h'));
    expect(boxes.size).toBe(8);
    expect(width).toBeLessThan(cardWidth * 5);
    expect(height).toBeLessThan(cardHeight * 8);
    expect(place(graph(''))).toMatchObject({ width: 0, height: 0 });
  });

  it('closes rings with lines that go back', () => {
    const { lines, boxes } = place(graph('a>b b>a:calls'));
    const back = lines.get('b>a:calls')!;
    expect(back[0]!.x).toBe(boxes.get('b')!.x);
    expect(back.at(-1)!.x).toBe(boxes.get('a')!.x + cardWidth);
  });
});
