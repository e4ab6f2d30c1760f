import { describe, expect, it } from 'vitest';
import activityAnswer from '../../../testdata/answers/activity.json';
import failingAnswer from '../../../testdata/answers/failing.json';
import type { Activity, Failing, FailingObject, Hit, Mark } from '../../api/types';
import { columnsOf, totals } from '../../charts/columns';
import { hour, minute, second } from '../../time/moment';
import { everything, printView, type View } from '../../url/state';
import { chosenOf, extentOf, pauseAfter, recentOf, recordedOf, spanOf, wordsOf } from './extent';
import { foldPeople, foldWarnings } from './folds';
import { shortChange } from './short';
import { errorFilter, failingView, runView, searchView, windowOf } from './paths';

const recorded = { from: 1000 * second, to: 2000 * second };

describe('what is recorded', () => {
  const cluster = (name: string, first?: string, last?: string) => ({ name, epochs: 1, objects: 1, ...(first ? { first } : {}), ...(last ? { last } : {}) });

  it('spans all clusters, and goes on while facts come in', () => {
    const clusters = [cluster('a', '1970-01-01T00:00:01Z', '1970-01-01T00:00:02Z'), cluster('b', '1970-01-01T00:00:03Z', '1970-01-01T00:00:04Z'), cluster('empty')];
    expect(recordedOf(clusters, {})).toEqual({ from: second, to: 4 * second + 1 });
    expect(recordedOf(clusters, { b: 9 * second })).toEqual({ from: second, to: 9 * second + 1 });
    expect(recordedOf([cluster('empty')], {})).toBeUndefined();
  });
});

describe('the window', () => {
  it.each([
    [{}, undefined],
    [{ from: 1500 * second }, { from: 1500 * second, to: recorded.to }],
    [{ to: 1500 * second }, { from: recorded.from, to: 1500 * second }],
    [{ to: 500 * second }, { from: 500 * second - 1, to: 500 * second }],
    [{ from: 3000 * second }, { from: 3000 * second, to: 3000 * second + 1 }],
    [{ follow: minute }, { from: recorded.to - minute, to: recorded.to }],
  ])('of %j', (view, want) => expect(chosenOf(view, recorded)).toEqual(want));

  it('is drawn near where it would be too thin, and as the person wants', () => {
    const thin = { from: 1500 * second, to: 1501 * second };
    const wide = { from: 1500 * second, to: 1600 * second };
    expect([spanOf(undefined, thin, recorded), spanOf('all', thin, recorded), spanOf(undefined, wide, recorded), spanOf('near', wide, recorded), spanOf('near', undefined, recorded)])
      .toEqual(['near', 'all', 'all', 'near', 'all']);
    expect(extentOf('near', wide, recorded)).toEqual({ from: 1450 * second, to: 1650 * second });
    expect(extentOf('near', { from: 1900 * second, to: 2000 * second }, recorded)).toEqual({ from: 1850 * second, to: 2004 * second });
    expect(extentOf('all', { from: 900 * second, to: 1100 * second }, recorded)).toEqual({ from: 900 * second, to: recorded.to });
    expect(extentOf('all', undefined, { from: 5, to: 6 })).toMatchObject({ to: extentOf('all', undefined, { from: 5, to: 6 }).from + second });
  });
});

describe('a chosen window', () => {
  it.each([
    [1500, 1600, '1 min 40 s chosen of 16 min 40 s'],
    [1000, 2000, 'everything that is recorded'],
    [0, 1e9, 'everything that is recorded'],
    [1500, 9000, '2 h 5 min chosen'],
    [2000, 2060, '1 min chosen, outside of what is recorded'],
    [100, 1000, '15 min chosen, outside of what is recorded'],
  ])('%d to %d', (from, to, want) => expect(wordsOf({ from: from * second, to: to * second }, recorded)).toBe(want));
});

describe('long recordings', () => {
  it('show the recent past first', () => {
    expect(recentOf({ from: 0, to: 11 * hour })).toBeUndefined();
    expect(recentOf({ from: 0, to: 24 * hour })).toBe(hour);
    expect(recentOf({ from: 0, to: 1000 * hour })).toBe(10 * hour);
  });

  it('are asked again the more rarely the longer it takes', () => {
    expect([0, 100, 5000, 1e9].map(pauseAfter)).toEqual([500, 800, 40_000, 120_000]);
  });
});

const change = { id: 'c1', at: 1200 * second, kind: 'revision' } as Mark;
const failing: FailingObject = { cluster: 'demo', group: 'apps', kind: 'Deployment', resource: 'deployments', namespace: 'shop', name: 'web', uid: 'u1', text: '', since: 1210 * second, until: 1250 * second, change };

describe('what failed', () => {
  it('is seen from the change before it to its end, with some room', () => {
    expect(windowOf(failing, 0)).toEqual({ from: 1192.5 * second, to: 1257.5 * second });
  });

  it('is seen from its beginning where the change is long ago, and not to the end of days', () => {
    const old = { ...failing, until: 0, change: { ...change, at: failing.since - 7 * hour } };
    const { until: _, ...lasting } = old;
    void _;
    const window = windowOf(lasting, failing.since + 90 * hour);
    expect(window).toEqual({ from: failing.since - 1.5 * minute, to: failing.since + 11.5 * minute });
    const from: View = { page: 'overview', set: everything, words: {} };
    expect(failingView(lasting, failing.since + 90 * hour, from)).toMatchObject({ at: failing.since, sel: { id: '' } });
  });

  it('leads to the timeline of its tree with the change selected', () => {
    const from: View = { page: 'overview', set: { ...everything, cluster: 'demo' }, words: { span: 'all' }, follow: minute, sel: { cluster: 'x', uid: 'y', id: 'z' } };
    expect(printView(failingView(failing, 0, from))).toBe(
      '/timeline?cluster=demo&object=uid%3Au1&from=1970-01-01T00%3A19%3A52.5Z&to=1970-01-01T00%3A20%3A57.5Z&at=1970-01-01T00%3A20%3A00Z&sel=demo%2Fu1%2Fc1',
    );
  });
});

describe('errors', () => {
  it('are searched for by what they share', () => {
    expect(errorFilter({ user: 'a"b', verb: 'update', resource: 'deployments/status', group: 'apps', code: 409 })).toBe(
      'request.user == "a\\"b" && request.verb == "update" && request.resource == "deployments" && request.group == "apps" && request.subresource == "status" && request.code == 409',
    );
    expect(errorFilter({ verb: 'get', code: 401 })).toBe('request.verb == "get" && request.code == 401');
  });

  it('are searched for in the same window and cluster', () => {
    const view: View = { page: 'overview', set: { ...everything, cluster: 'demo', namespace: 'shop' }, words: { span: 'all' }, from: second, to: 2 * second };
    expect(printView(searchView('x', view, { order: 'newest' }))).toBe('/search?cluster=demo&filter=x&from=1970-01-01T00%3A00%3A01Z&to=1970-01-01T00%3A00%3A02Z&order=newest');
  });
});

describe('lines that tell the same', () => {
  const made = (name: string, at: number, verb = 'delete', who = 'bob'): Activity['people'][number] => ({
    object: { cluster: 'demo', kind: 'Pod', resource: 'pods', namespace: 'shop', name, uid: name },
    mark: { id: name, at: at * second, kind: 'request', verb, who },
  });

  it('are one where a person made them in one go', () => {
    const folds = foldPeople([made('a', 100), made('b', 95), made('b', 94), made('c', 90, 'patch'), made('d', 80), made('e', 10), made('f', 9, 'delete', 'eve')]);
    expect(folds.map((f) => [f.newest.object.name, f.count])).toEqual([['a', 3], ['c', 1], ['d', 1], ['e', 1], ['f', 1]]);
    const view: View = { page: 'overview', set: everything, words: {}, follow: minute };
    expect(runView(folds[0]!, view)).toMatchObject({
      page: 'search', from: 93 * second, to: 101 * second,
      set: { cluster: 'demo', filter: 'request.user == "bob" && request.verb == "delete" && resource == "pods" && namespace == "shop"' },
    });
    expect(runView(folds[0]!, view).follow).toBeUndefined();
  });

  it('are one Warning by reason, most first', () => {
    const hit = (reason: string, uid: string, note: string): Hit => ({
      id: note, kind: 'event', when: { at: note }, object: { cluster: 'demo' }, summary: '',
      event: { name: '', uid: '', type: 'Warning', reason, note, regarding: { cluster: 'demo', uid }, firstSeen: '', lastSeen: '', count: 1, matched: '' },
    });
    expect(foldWarnings([hit('BackOff', 'p1', '3'), hit('Failed', 'p1', '2'), hit('Failed', 'p1', '1'), hit('Failed', 'p2', '0')])).toEqual([
      { reason: 'Failed', count: 3, objects: 2, note: '2', last: '2' },
      { reason: 'BackOff', count: 1, objects: 1, note: '3', last: '3' },
    ]);
  });
});

describe('the server’s answers', () => {
  const view: View = { page: 'overview', set: everything, words: {} };

  it('of what failed lead to the change that came before it', () => {
    const failing = failingAnswer as Failing;
    expect(failing.objects.length).toBeGreaterThan(0);
    for (const object of failing.objects) {
      const there = failingView(object, failing.to, view);
      expect(there.sel?.id).toBe(object.change?.id);
      expect(there.from).toBeLessThan(object.change?.at ?? Infinity);
      expect(there.to).toBeGreaterThan(object.since);
    }
  });

  it('of activity are drawn to the last record', () => {
    const activity = activityAnswer as unknown as Activity;
    const counted = activity.bins.reduce((sum, bin) => sum + (bin.changes ?? 0) + (bin.normal ?? 0) + (bin.warning ?? 0), 0);
    const sums = totals(columnsOf(activity), activity.from, activity.to + activity.bin);
    expect(sums.changes + sums.normal + sums.warning).toBe(counted);
  });
});

describe('summaries', () => {
  it.each([
    ['spec.template.spec.containers[name=main].image registry.example/web:v2 → registry.example/web:v3-bad', '…containers[name=main].image registry.example/web:v2 → registry.example/web:v3-bad'],
    ['spec.replicas 2 → 3', 'spec.replicas 2 → 3'],
    ['+spec.template.spec.nodeSelector.disk.x ssd, metadata.labels.app web → api, -spec.a.b.c 1', '+…disk.x ssd, metadata.labels.app web → api, -…b.c 1'],
    ['status.conditions[type=a.b/c].lastProbe.x.y 1', '…x.y 1'],
    ['deleted 3 objects', 'deleted 3 objects'],
    ['409 Conflict: Operation cannot be fulfilled on deployments.apps "web"', '409 Conflict: Operation cannot be fulfilled on deployments.apps "web"'],
  ])('%j', (text, want) => expect(shortChange(text)).toBe(want));
});
