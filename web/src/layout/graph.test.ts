import { describe, expect, it } from 'vitest';
import type { Tree } from '../api/types';
import { parseMoment, second } from '../time/moment';
import { addLink, addRows, addTree, changesOf, emptyGraph, fullest, remove, seenAt } from './graph';
import { groupAlike } from './group';
import tree from './testdata/tree.json';

const recorded = () => {
  const graph = emptyGraph();
  addTree(graph, tree as unknown as Tree);
  return graph;
};
const at = (clock: string) => parseMoment(`2026-11-21T15:26:${clock}Z`)!;
const none = new Set<string>();
const names = (list: { ref: { name?: string } }[]) => list.map((n) => n.ref.name).sort();

describe('a recorded tree', () => {
  it('has every object once, and the links beside those that it was walked by', () => {
    const graph = recorded();
    expect(graph.nodes.size).toBe(tree.nodes.length);
    expect([...graph.edges.values()].filter((e) => e.type === 'runs-on').length).toBeGreaterThan(2);
    addTree(graph, tree as unknown as Tree);
    expect(graph.nodes.size).toBe(tree.nodes.length);
  });

  it('shows at a moment what was there then', () => {
    const graph = recorded();
    const seen = (clock: string) => names(seenAt(graph, at(clock), { hidden: none, keep: none, ended: false }).nodes);
    expect(seen('12')).toEqual(['node-1', 'node-2', 'web', 'web-ddf9548cb', 'web-ddf9548cb-8m8cx', 'web-ddf9548cb-f84k7']);
    expect(seen('25')).toContain('web-587c67cbb8-6bcqc');
    expect(seen('25')).not.toContain('web-ddf9548cb-8m8cx');
    expect(seen('04')).toEqual([]);
  });

  it('keeps what is asked for though nothing links it, and all of the window on request', () => {
    const graph = recorded();
    const keep = new Set([tree.nodes[0]!.uid]);
    expect(names(seenAt(graph, at('42'), { hidden: none, keep, ended: false }).nodes)).toEqual(['web']);
    expect(seenAt(graph, at('42'), { hidden: none, keep, ended: true }).nodes).toHaveLength(tree.nodes.length);
  });

  it('leaves out types of links, and what only they link', () => {
    const seen = seenAt(recorded(), at('25'), { hidden: new Set(['runs-on']), keep: none, ended: false });
    expect(seen.edges.every((e) => e.type !== 'runs-on')).toBe(true);
    expect(names(seen.nodes)).not.toContain('node-1');
  });

  it('knows when it changes, and when most of it was there', () => {
    const graph = recorded();
    const changes = changesOf(graph, at('00'), at('59'), none);
    expect(changes).toEqual([...changes].sort((a, b) => a - b));
    expect(changes.some((c) => Math.abs(c - at('20.6159')) < 2)).toBe(true);
    const best = fullest(graph, at('00'), at('59'));
    const count = (moment: number) => seenAt(graph, moment, { hidden: none, keep: none, ended: false }).nodes.length;
    for (const c of changes) expect(count(best)).toBeGreaterThanOrEqual(count(c));
  });

  it('loses an object with its links', () => {
    const graph = recorded();
    const node = [...graph.nodes.values()].find((n) => n.ref.name === 'node-1')!;
    remove(graph, node.key);
    expect([...graph.edges.values()].some((e) => e.child === node.key)).toBe(false);
  });
});

describe('rows', () => {
  const row = (name: string, parent: number, more = {}) => ({ cluster: 'c', kind: 'Pod', resource: 'pods', name, uid: name, parent, ...more });

  it('tell when objects lived that a link named', () => {
    const graph = emptyGraph();
    addLink(graph, { type: 'owns', rule: 'x', parent: row('a', -1), child: row('b', 0), certainty: 'exact' });
    addRows(graph, [row('b', -1, { created: 5, over: true, ended: 9 }), row('other', -1)]);
    expect(graph.nodes.get('b')).toMatchObject({ from: 5, to: 9 });
    expect(graph.nodes.has('other')).toBe(false);
  });

  it('tell of the second in which a life began when it was first seen', () => {
    const graph = emptyGraph();
    addRows(graph, [row('a', -1, { created: 4 * second, first: 4 * second + 300 }), row('b', -1, { created: 4 * second, first: 9 * second })], true);
    expect([graph.nodes.get('a')?.from, graph.nodes.get('b')?.from]).toEqual([4 * second + 300, 4 * second]);
  });

  it('add objects and owners where all of them are wanted, each once', () => {
    const graph = emptyGraph();
    const rows = [row('a', -1, { created: 1 }), row('b', 0, { created: 2, via: 'owns' })];
    addRows(graph, rows, true);
    addRows(graph, rows, true);
    expect([...graph.nodes.keys()]).toEqual(['a', 'b']);
    expect([...graph.edges.values()]).toMatchObject([{ type: 'owns', parent: 'a', child: 'b' }]);
  });
});

describe('links', () => {
  it('shows the newest of two between the same objects, and stubs as such', () => {
    const graph = emptyGraph();
    const ends = { parent: { cluster: 'c', kind: 'Service', resource: 'services', name: 's', uid: '1' }, child: { cluster: 'c', kind: 'Pod', resource: 'pods', namespace: 'n', name: 'p', stub: true } };
    const link = { ...ends, type: 'selects', rule: 'x', certainty: 'exact' as const };
    addLink(graph, { ...link, since: { at: '2026-11-21T15:26:01Z' }, until: { at: '2026-11-21T15:26:02Z' } });
    addLink(graph, { ...link, since: { at: '2026-11-21T15:26:03Z' } });
    const seen = seenAt(graph, at('05'), { hidden: none, keep: none, ended: true });
    expect(seen.edges.map((e) => e.from)).toEqual([at('03')]);
    expect(seenAt(graph, at('02.5'), { hidden: none, keep: none, ended: false }).nodes).toEqual([]);
    expect([...graph.nodes.values()].map((n) => n.stub)).toEqual([false, true]);
  });
});

describe('groupAlike', () => {
  const big = (pods: number) => {
    const graph = emptyGraph();
    const rs = { cluster: 'c', kind: 'ReplicaSet', resource: 'replicasets', namespace: 'n', name: 'r', uid: 'rs' };
    for (let i = 0; i < pods; i++) {
      const pod = { cluster: 'c', kind: 'Pod', resource: 'pods', namespace: 'n', name: `p${i}`, uid: `p${i}` };
      addLink(graph, { type: 'owns', rule: 'owner', parent: rs, child: pod, certainty: 'exact' });
      addLink(graph, { type: 'runs-on', rule: 'x', parent: pod, child: { cluster: 'c', kind: 'Node', resource: 'nodes', name: `n${i % 3}`, uid: `n${i % 3}` }, certainty: 'exact' });
    }
    return seenAt(graph, 1 * second, { hidden: none, keep: none, ended: true });
  };

  it('makes one card of many Pods of one owner, and one line for each type to each other card', () => {
    const grouped = groupAlike(big(50), none, none);
    expect(grouped.cards.map((c) => c.members.length).sort((a, b) => b - a)).toEqual([50, 1, 1, 1, 1]);
    expect(grouped.lines.map((l) => `${l.type} ${l.edges.length}`).sort()).toEqual(['owns 50', 'runs-on 16', 'runs-on 17', 'runs-on 17']);
  });

  it('groups what a group owns, too', () => {
    const graph = emptyGraph();
    const ref = (kind: string, name: string) => ({ cluster: 'c', kind, resource: `${kind.toLowerCase()}s`, namespace: 'n', name, uid: name });
    for (let r = 0; r < 20; r++) {
      addLink(graph, { type: 'owns', rule: 'x', parent: ref('Deployment', 'd'), child: ref('ReplicaSet', `r${r}`), certainty: 'exact' });
      for (let p = 0; p < 3; p++) addLink(graph, { type: 'owns', rule: 'x', parent: ref('ReplicaSet', `r${r}`), child: ref('Pod', `p${r}-${p}`), certainty: 'exact' });
    }
    const seen = seenAt(graph, 1, { hidden: none, keep: none, ended: true });
    const grouped = groupAlike(seen, none, none);
    expect(grouped.cards.map((c) => c.members.length)).toEqual([1, 20, 60]);
    const replicaSets = grouped.cards[1]!.id;
    expect(groupAlike(seen, new Set([replicaSets]), none).cards).toHaveLength(1 + 20 + 60);
  });

  it('is not caught in a ring of owners', () => {
    const graph = emptyGraph();
    const ref = (name: string) => ({ cluster: 'c', kind: 'A', resource: 'as', name, uid: name });
    addLink(graph, { type: 'owns', rule: 'x', parent: ref('1'), child: ref('2'), certainty: 'exact' });
    addLink(graph, { type: 'owns', rule: 'x', parent: ref('2'), child: ref('1'), certainty: 'exact' });
    expect(groupAlike(seenAt(graph, 1, { hidden: none, keep: none, ended: true }), none, none).cards).toHaveLength(2);
  });

  it('leaves few alone', () => {
    expect(groupAlike(big(6), none, none).cards.every((c) => !c.group)).toBe(true);
  });

  it('opens a group, and can close it again', () => {
    const id = groupAlike(big(50), none, none).cards.find((c) => c.group)!.id;
    const opened = groupAlike(big(50), new Set([id]), none);
    expect(opened.cards).toHaveLength(54);
    expect(opened.openOf.get('p7')).toBe(id);
    expect(opened.openOf.get('rs')).toBeUndefined();
  });

  it('never hides what is kept', () => {
    expect(groupAlike(big(50), none, new Set(['p3'])).cards.find((c) => c.id === 'p3')?.group).toBe(false);
  });

  it('puts every object on exactly one card', () => {
    const seen = big(50);
    const grouped = groupAlike(seen, none, none);
    expect(grouped.cards.flatMap((c) => c.members.map((m) => m.key)).sort()).toEqual(seen.nodes.map((n) => n.key).sort());
    for (const node of seen.nodes) expect(grouped.cards.some((c) => c.id === grouped.cardOf.get(node.key))).toBe(true);
  });
});
