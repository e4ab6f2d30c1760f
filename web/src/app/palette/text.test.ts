import { describe, expect, it } from 'vitest';
import type { ObjectEntry } from '../../api/types';
import { fit, grouped, looksLikeFilter, readText, wordOf } from './text';

describe('what is typed', () => {
  const uid = 'c8d8165c-5bb7-49d5-8de1-63fe9e2fef5f';
  it.each([
    ['', []],
    ['  ', []],
    ['web', [{ name: '*web*' }]],
    ['Web', [{ name: '*web*' }]],
    ['web-*', [{ name: 'web-*' }]],
    ['deploy/web', [{ kind: 'deploy', name: '*web*' }]],
    ['pod web-5', [{ kind: 'pod', name: '*web-5*' }]],
    ['web pod', [{ kind: 'pod', name: '*web*' }]],
    ['shop/web', [{ namespace: 'shop', name: '*web*' }, { kind: 'shop', name: '*web*' }]],
    ['shop/deploy/web', [{ namespace: 'shop', kind: 'deploy', name: '*web*' }]],
    ['web -n shop', [{ namespace: 'shop', name: '*web*' }]],
    ['-n shop', [{ namespace: 'shop' }]],
    ['pods', [{ name: '*pods*' }, { kind: 'pods' }]],
    ['shop/', [{ namespace: 'shop' }]],
    ['deploy/', [{ kind: 'deploy' }]],
    [uid, [{ uid }]],
    [`uid:${uid.toUpperCase()}`, [{ uid }]],
  ])('%j', (text, asked) => expect(readText(text)).toEqual(asked));

  it('names the word that names are compared with', () => {
    expect(['deploy/web', 'web -n shop', 'web-*', 'Pod Web', ''].map(wordOf)).toEqual(['web', 'web', 'web-', 'web', '']);
  });
});

describe('filters', () => {
  it.each(['request.code >= 400', 'kind == "Pod"', 'name.startsWith("web")', 'object.spec', '!request.dryRun', 'a && b', 'verb in ["get"]'])('%s is one', (text) =>
    expect(looksLikeFilter(text)).toBe(true),
  );
  it.each(['web', 'deploy/web', 'shop/web', 'request', 'web-1.2', 'login service', 'my.object'])('%s is none', (text) => expect(looksLikeFilter(text)).toBe(false));
});

describe('order', () => {
  const object = (kind: string, name: string, more: Partial<ObjectEntry> = {}): ObjectEntry => ({
    cluster: 'demo', kind, name, namespace: 'shop', uid: `${kind}-${name}`, ended: false, revisions: 1, ...more,
  });

  it('puts the exact name of a workload first', () => {
    const found = [object('Endpoints', 'web'), object('Pod', 'web-1'), object('Service', 'web'), object('Deployment', 'web'), object('ConfigMap', 'my-web')];
    expect(grouped(found, 'web', 12).map((g) => g.kind)).toEqual(['Deployment', 'Service', 'Endpoints', 'Pod', 'ConfigMap']);
  });

  it('counts each object once and says how many there are', () => {
    const pods = Array.from({ length: 20 }, (_, i) => object('Pod', `web-${i}`));
    const [group] = grouped([...pods, ...pods], 'web', 12);
    expect(group?.objects).toHaveLength(12);
    expect(group?.total).toBe(20);
  });

  it('puts what lives before what ended', () => {
    expect(fit(object('Pod', 'web'), 'web')).toBeGreaterThan(fit(object('Pod', 'web', { ended: true }), 'web'));
    const [group] = grouped([object('Pod', 'web-a', { ended: true }), object('Pod', 'web-b')], 'web', 12);
    expect(group?.objects.map((o) => o.name)).toEqual(['web-b', 'web-a']);
  });
});
