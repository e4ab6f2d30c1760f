import { describe, expect, it } from 'vitest';
import type { Row } from '../api/drawn';
import { layoutRows, lineAt, plainKey, rowKey, type Line, type RowOptions } from './rows';

const row = (name: string, parent = -1, more: Partial<Row> = {}): Row => ({ cluster: 'c', namespace: 'shop', kind: 'Pod', uid: `u-${name}`, name, parent, first: 1, ...more });

const rows: Row[] = [
  row('web', -1, { kind: 'Deployment', first: 30 }),
  row('web-1', 0, { kind: 'ReplicaSet', first: 40 }),
  row('web-1-a', 1, { first: 50 }),
  row('cache', -1, { first: 10 }),
  row('node-0', -1, { kind: 'Node', namespace: '', first: 5 }),
  row('dns', -1, { namespace: 'kube-system', first: 6 }),
];

const options: RowOptions = {
  group: 'tree', sort: 'name', filter: '', fold: new Set(), open: new Set(), pin: new Set(), hide: new Set(), score: () => undefined, shapes: () => undefined,
};

const shown = (lines: readonly Line[]) => lines.map((l) => `${'.'.repeat(l.depth)}${l.label || l.kind}`);
const main = (change: Partial<RowOptions>) => shown(layoutRows(rows, { ...options, ...change }).main.lines);

describe('rows', () => {
  it('stand below their owners, what people run first', () => {
    expect(main({})).toEqual(['shop', '.web', '..web-1', '...web-1-a', '.cache', 'kube-system', '.dns', 'cluster-scoped', '.node-0']);
  });

  it('are grouped', () => {
    expect(main({ group: 'none' })).toEqual(['web', 'web-1', 'web-1-a', 'cache', 'node-0', 'dns']);
    expect(main({ group: 'kind' }).slice(0, 7)).toEqual(['shop', '.Deployment', '..web', '.ReplicaSet', '..web-1', '.Pod', '..web-1-a']);
    const two = layoutRows([...rows, row('x', -1, { cluster: 'd' })], { ...options, group: 'namespace' });
    expect(shown(two.main.lines)[0]).toBe('c');
    expect(two.main.lines.filter((l) => l.prefix === 'cluster').map((l) => l.count)).toEqual([6, 1]);
  });

  it('are filtered, with what they stand below', () => {
    expect(main({ filter: 'pod web' })).toEqual(['shop', '.web', '..web-1', '...web-1-a']);
    expect(layoutRows(rows, { ...options, filter: 'pod web' }).shown).toBe(1);
    expect(main({ filter: 'no such' })).toEqual([]);
    expect(main({ hide: new Set(['c\nu-web-1']) })).not.toContain('...web-1-a');
  });

  it('are sorted with what is below them', () => {
    expect(main({ sort: 'first' })).toEqual(['cluster-scoped', '.node-0', 'kube-system', '.dns', 'shop', '.cache', '.web', '..web-1', '...web-1-a']);
    const score = (r: Row) => (r.name === 'web-1-a' ? { changes: 1, failed: 3, warning: 0 } : { changes: 50, failed: 0, warning: 0 });
    expect(main({ sort: 'failing', score }).slice(0, 5)).toEqual(['shop', '.web', '..web-1', '...web-1-a', '.cache']);
  });

  it('are folded, opened and pinned', () => {
    expect(main({ fold: new Set(['n:c/shop']) })).toEqual(['shop', 'kube-system', '.dns', 'cluster-scoped', '.node-0']);
    expect(main({ fold: new Set(['c\nu-web']) }).slice(0, 3)).toEqual(['shop', '.web', '.cache']);
    const open = new Set(['c\nu-cache']);
    expect(main({ open })).toContain('..waiting');
    const shapes = () => [
      { key: 'conditions/Ready', group: 'conditions', name: 'Ready', steps: false },
      { key: 'replicas/ready', group: 'replicas', name: 'ready', steps: true },
    ];
    const laid = layoutRows(rows, { ...options, open, shapes, pin: new Set(['c\nu-cache']) });
    expect(shown(laid.pinned.lines)).toEqual(['cache', '.Ready', '.ready']);
    expect(laid.pinned.lines.map(plainKey)).toContain('c\nu-cache');
    expect(laid.pinned.height).toBe(24 + 18 + 30);
  });

  it('are found by their height', () => {
    const { main: layout } = layoutRows(rows, options);
    layout.lines.forEach((_, i) => {
      expect(lineAt(layout, layout.top[i]!)).toBe(i);
      expect(lineAt(layout, layout.top[i + 1]! - 0.5)).toBe(i);
    });
    expect(lineAt(layout, -5)).toBe(0);
    expect(lineAt(layout, 1e6)).toBe(layout.lines.length - 1);
  });

  it('have keys of their own, also without a UID', () => {
    expect(rowKey({ cluster: 'c', kind: 'ConfigMap', namespace: 'n', name: 'x', parent: 0, stub: true })).not.toBe(rowKey({ cluster: 'c', kind: 'Secret', namespace: 'n', name: 'x', parent: 0 }));
  });

  it('are laid out by the thousands', () => {
    const many = Array.from({ length: 20_000 }, (_, i) => row(`p-${i}`, i % 10 === 0 ? -1 : i - (i % 10), { namespace: `n${Math.floor(i / 500)}` }));
    const laid = layoutRows(many, options);
    expect(laid.main.lines.length).toBe(20_040);
    expect(laid.main.byKey.size).toBe(20_040);
  });
});
