import { describe, expect, it } from 'vitest';
import type { Trace } from '../../api/types';
import { layOut } from '../../gantt/spans';
import tracing from '../../gantt/testdata/tracing.json';
import { parseMoment } from '../../time/moment';
import { everything, type View } from '../../url/state';
import { extentOf, foldedBy, parseZoom, pickOf, printZoom, questionOf, selectionOf, turned } from './words';

const trace = tracing as unknown as Trace;
const spans = layOut(trace);
const view = (change: Partial<View>): View => ({ page: 'trace', set: everything, words: {}, ...change });

describe('questions', () => {
  it.each([
    ['a root', view({ set: { ...everything, object: 'deploy/web', namespace: 'shop', cluster: 'demo' } }), { kind: 'deploy', name: 'web', namespace: 'shop', cluster: 'demo' }],
    ['a UID', view({ set: { ...everything, object: 'uid:1-2' } }), { uid: '1-2' }],
    ['a trace ID, whatever the set is', view({ set: { ...everything, object: 'deploy/web' }, words: { id: '1106', mode: 'tree' } }), { id: '1106' }],
    ['kind and name', view({ set: { ...everything, kind: 'node', name: 'n1' } }), { kind: 'node', name: 'n1' }],
    ['a mode', view({ set: { ...everything, object: 'po/a' }, words: { mode: 'tree', reads: 'true' } }), { kind: 'po', mode: 'tree', reads: true }],
  ])('%s', (_, v, want) => {
    expect(questionOf(v, {})).toMatchObject(want);
  });

  it.each([view({}), view({ set: { ...everything, namespace: 'shop' } }), view({ set: { ...everything, object: 'web' } }), view({ set: { ...everything, object: '/x' } })])('asks nothing without an object', (v) => {
    expect(questionOf(v, {})).toBeUndefined();
  });
});

describe('selection', () => {
  it('goes there and back for every object and every record', () => {
    for (let i = 0; i < spans.count; i++) {
      const picks = [{ span: i, event: -1 }];
      for (let e = spans.eventFrom[i]!; e < spans.eventFrom[i + 1]!; e++) if (spans.eventSign[e]) picks.push({ span: i, event: e });
      for (const pick of picks) {
        const { sel, words } = selectionOf(spans, pick);
        expect(pickOf(spans, sel ?? { uid: '', id: '' }, words?.['span'] ?? '')).toEqual(pick);
      }
    }
  });

  it('puts the cursor where the record is', () => {
    const event = spans.eventFrom[0]!;
    expect(selectionOf(spans, { span: 0, event }).at).toBe(spans.eventAt[event]);
    expect(selectionOf(spans, { span: 0, event: -1 }).at).toBeUndefined();
  });

  it('selects a snapshot, which is no record, by its row', () => {
    const snapshot = spans.eventSign.indexOf(0);
    const span = spans.eventFrom.findLastIndex((from) => from <= snapshot);
    expect(spans.of[span]!.events![spans.eventOf[snapshot]!]!.name).toBe('snapshot');
    expect(selectionOf(spans, { span, event: snapshot })).toMatchObject({ sel: undefined, words: { span: spans.of[span]!.spanID } });
  });

  it('finds nothing of other objects', () => {
    expect(pickOf(spans, { uid: 'x', id: '' }, '')).toBeUndefined();
    expect(pickOf(spans, { uid: '', id: '' }, 'nothing')).toBeUndefined();
  });
});

describe('words', () => {
  it.each([
    ['as far as something was recorded', { from: 5, to: 15 }, { from: 5, to: 15 }],
    ['by its own ends within a longer recording', { from: -50, to: 150 }, { from: 0, to: 20 }],
    ['by its own ends where nothing is known of the recording', {}, { from: 0, to: 20 }],
    ['by its own ends where nothing was recorded', { from: 30, to: 40 }, { from: 0, to: 20 }],
  ])('tells the time of a trace %s', (_, recorded, want) => {
    const base = parseMoment('2026-11-21T15:26:00Z') ?? 0;
    const at = (s: number) => base + s * 1_000_000;
    const known = 'from' in recorded ? { from: at(recorded.from), to: at(recorded.to) } : {};
    expect(extentOf({ from: '2026-11-21T15:26:00Z', to: '2026-11-21T15:26:20Z' }, known)).toEqual({ from: at(want.from), to: at(want.to) });
  });

  it('prints a zoom and reads it back', () => {
    const zoom = { from: spans.from, to: spans.to };
    expect(parseZoom(printZoom(zoom))).toEqual(zoom);
    expect([parseZoom(''), parseZoom('a~b'), parseZoom(`${printZoom(zoom)}`.split('~').reverse().join('~'))]).toEqual([undefined, undefined, undefined]);
  });

  it('turns spans, and turns them back', () => {
    const id = spans.of[1]!.spanID;
    const closed = foldedBy(spans, new Uint8Array(spans.count), turned('', id));
    expect([...closed]).toEqual([0, 1, 0, 0, 0, 0]);
    expect(turned(turned('', id), id)).toBe('');
  });
});
