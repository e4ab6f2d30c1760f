import { describe, expect, it } from 'vitest';
import golden from '../../../testdata/answers/coverage.json';
import type { Coverage, Gap, SeenResource } from '../../api/types';
import { byGroup, closingOf } from './closing';
import { holesOfRow, narrowedRows, reasonsOf, rowsOf, verdictOf, type Narrow } from './matrix';

const gap = (reason: string, resource = '', over: Partial<Gap> = {}): Gap => {
  const [name = '', ...group] = resource.split('.');
  return { reason, scope: { cluster: 'demo', ...(name ? { resource: name } : {}), ...(group.length ? { group: group.join('.') } : {}) }, sentence: `${reason} ${resource}`.trim(), ...over };
};
const seen = (resource: string, how: Partial<SeenResource>): SeenResource => ({ cluster: 'demo', resource, ...how });
const coverage: Coverage = {
  complete: false,
  gaps: [
    gap('before-recording', '', { to: '1970-01-01T00:00:10Z' }),
    gap('not-audited', '', { count: 2 }),
    gap('watch-missed', 'pods', { from: '1970-01-01T00:00:20Z', to: '1970-01-01T00:00:30Z' }),
  ],
  resources: [seen('nodes', { watched: true }), seen('pods', { watched: true, audited: true, levels: ['Metadata'] }), seen('leases', { watched: true, group: 'coordination.k8s.io' }), seen('secrets', { watched: true, audited: true })],
};
const everything: Narrow = { cluster: '', reason: '', text: '', holesOnly: false };
const names = (narrow: Partial<Narrow>) => narrowedRows(rowsOf(coverage), { ...everything, ...narrow }).map((row) => row.resource);

describe('rows', () => {
  it('are clusters with their resources, the worst first', () => {
    expect(names({})).toEqual(['', 'pods', 'leases.coordination.k8s.io', 'nodes', 'secrets']);
  });

  it('have what is told of many, each in its own words', () => {
    const nodes = rowsOf(coverage).find((row) => row.resource === 'nodes');
    expect(nodes?.gaps).toEqual([{ reason: 'not-audited', scope: { cluster: 'demo', resource: 'nodes' }, sentence: 'No audited write to nodes was recorded in this window: there was none, or the audit policy leaves it out.' }]);
  });

  it('leave it with the cluster where the answer does not say how resources were seen', () => {
    const { resources: _, ...bare } = coverage;
    void _;
    expect(rowsOf(bare).map((row) => [row.resource, row.gaps.map((one) => one.reason)])).toEqual([
      ['', ['before-recording', 'not-audited']],
      ['pods', ['watch-missed']],
    ]);
  });

  it.each([
    [{ holesOnly: true }, ['', 'pods', 'leases.coordination.k8s.io', 'nodes']],
    [{ reason: 'watch-missed' }, ['', 'pods']],
    [{ text: 'COORD' }, ['', 'leases.coordination.k8s.io']],
    [{ cluster: 'other' }, []],
  ])('narrow to %j', (narrow, want) => expect(names(narrow)).toEqual(want));

  it('draw the holes of their cluster too, but not its notes', () => {
    const rows = rowsOf({ ...coverage, gaps: [...coverage.gaps, gap('epoch', '', { to: '1970-01-01T00:00:15Z' })] });
    const pods = rows.find((row) => row.resource === 'pods')!;
    expect(holesOfRow(pods, rows[0], { from: 0, to: 60_000_000 }).map((hole) => [hole.gap.reason, hole.from, hole.to])).toEqual([
      ['before-recording', 0, 10_000_000],
      ['watch-missed', 20_000_000, 30_000_000],
    ]);
    expect(holesOfRow(rows[0]!, rows[0], { from: 11_000_000, to: 60_000_000 }).map((hole) => hole.gap.reason)).toEqual(['epoch']);
  });

  it('hold every resource of the server’s answer', () => {
    const rows = rowsOf(golden as Coverage);
    expect(rows.filter((row) => row.seen)).toHaveLength(golden.resources.length);
    const silent = golden.gaps.find((one) => one.reason === 'not-audited');
    expect(reasonsOf(rows).find((group) => group.reason === 'not-audited')?.resources).toHaveLength(silent?.count ?? -1);
  });
});

describe('reasons', () => {
  it('come with what matters most first, and count resources', () => {
    expect(reasonsOf(rowsOf(coverage)).map((group) => [group.reason, group.count])).toEqual([
      ['watch-missed', 1],
      ['not-audited', 2],
      ['before-recording', 1],
    ]);
    expect(reasonsOf(rowsOf(coverage), 'other')).toEqual([]);
  });

  it('are told as a whole, complete only where the answer says so', () => {
    const verdict = (gaps: Gap[], complete = false) => verdictOf({ complete, gaps }, reasonsOf(rowsOf({ complete, gaps })));
    expect(verdict([])).toEqual({ complete: false, text: 'No hole is known in this window, and nothing proves that there is none.' });
    expect(verdict([], true).complete).toBe(true);
    expect(verdict([gap('watch-missed', 'pods'), gap('level', 'pods'), gap('level', 'nodes')]).text).toBe('Facts are missing in one hole; less is known of 2 resources.');
    expect(verdict([gap('level', 'nodes')]).text).toBe('Less is known of one resource.');
  });
});

describe('closing', () => {
  const place = { data: '/data', server: 'http://here', cluster: 'demo' };
  const codes = (reason: string, gaps: Gap[]) => closingOf(reason, gaps, place).steps.map((step) => step.code);

  it('names the resources, by group', () => {
    const gaps = [gap('level', 'replicasets.apps'), gap('level', 'pods'), gap('level', 'deployments.apps'), gap('level', 'pods')];
    expect(byGroup(gaps)).toEqual([['', ['pods']], ['apps', ['deployments', 'replicasets']]]);
    expect(codes('level', gaps)).toContain(
      '- level: RequestResponse\n  verbs: [create, update, patch, delete, deletecollection]\n  resources:\n    - {group: "", resources: [pods]}\n    - {group: apps, resources: [deployments, replicasets]}',
    );
    expect(codes('not-watched', gaps)[0]).toContain('- apiGroups: [""]\n  resources: [pods]\n  verbs: [get, list, watch]\n- apiGroups: ["apps"]');
  });

  it('uses this kubewake’s directory and address', () => {
    expect(codes('before-recording', [])).toEqual(['kubewake import /var/log/kubernetes/audit/ --data /data --cluster demo']);
    expect(codes('something-new', [])).toEqual(['kubewake doctor --server http://here']);
  });

  it('has nothing to close where nothing is missing', () => {
    expect(codes('epoch', [])).toEqual([]);
  });
});
