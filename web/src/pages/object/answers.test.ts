import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Blame, Diff, History, Lanes, State, Tree } from '../../api/types';
import { blameLines } from '../../manifest/lines';
import { noisy, withoutManagedFields } from '../../manifest/noise';
import { parsePath, placeOf, valueAt } from '../../manifest/path';
import { printManifest } from '../../manifest/print';
import { chainOf } from './chain';
import { countsOf, lastAt, momentOf, requestOf, revisionsOf, rowsOf, whoOf } from './history';
import { rangesOf } from './ranges';
import { stateAt, stripOfHistory } from './strip';

/** What the server's own tests write: the contract between both. */
const answer = <T>(name: string) => JSON.parse(readFileSync(new URL(`../../../testdata/answers/${name}.json`, import.meta.url), 'utf8')) as T;

describe("the server's answers", () => {
  it('put an author on every line of a manifest', () => {
    const [state, blame] = [answer<State>('state'), answer<Blame>('blame')];
    expect(blame.resourceVersion).toBe(state.resourceVersion);
    const manifest = withoutManagedFields(state.manifest);
    const { lines, unplaced } = blameLines(printManifest(manifest), manifest, blame.fields);
    expect(unplaced).toEqual([]);
    const without = lines.filter((line) => line.leaf && !line.author && !noisy.includes(String(line.place[1])));
    expect(without).toEqual([]);
    for (const field of blame.fields) expect(valueAt(manifest, placeOf(manifest, field.path) ?? ['nowhere'])).toEqual(field.value);
  });

  it('make a list, revisions and a strip of a history', () => {
    const { entries } = answer<History>('history');
    const revisions = revisionsOf(entries);
    expect(revisions.length).toBeGreaterThan(0);
    expect(rowsOf(entries).filter((row) => row.kind === 'entry')).toHaveLength(entries.length);
    expect(countsOf(entries).changes).toBe(entries.filter((entry) => entry.kind === 'revision' || entry.kind === 'end').length);
    for (const entry of revisions) {
      expect(requestOf(entry)?.id).toBeTruthy();
      expect(whoOf(entry)).not.toBe('not known');
    }
    const last = revisions.at(-1);
    expect(revisions[lastAt(revisions, momentOf(last?.when) ?? 0)]).toBe(last);
    expect(stripOfHistory(entries, { from: 0, to: 1 }).bars).toHaveLength(revisions.length);
  });

  it('tell the state at a moment, and how a long history is divided', () => {
    const lanes = answer<Lanes>('lanes');
    const lane = lanes.lanes.find((one) => (one.bars?.length ?? 0) > 0);
    if (!lane) throw new Error('no lane has bars');
    expect(stateAt(lane, lane.bars?.[0]?.from)).toBe(lane.bars?.[0]);
    const ranges = rangesOf(lanes, lane, 3);
    expect([ranges[0]?.from, ranges.at(-1)?.to]).toEqual([lanes.from, lanes.to]);
  });

  it('name the changes of a difference by paths that can be read', () => {
    const { changes, folded } = answer<Diff>('diff');
    expect(changes.length + folded).toBeGreaterThan(0);
    for (const change of changes) expect(parsePath(change.path)).toBeDefined();
  });

  it('have an object that a tree was asked for', () => {
    const { nodes } = answer<Tree>('tree');
    expect(nodes.some((node) => node.asked)).toBe(true);
    for (const node of chainOf(nodes)) expect(node.asked).toBeFalsy();
  });
});
