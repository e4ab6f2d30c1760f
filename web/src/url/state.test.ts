import { describe, expect, it } from 'vitest';
import { everything, parseView, printView } from './state';

const there = (path: string) => parseView(new URL(path, 'http://here'));

describe('views', () => {
  it.each([
    '/',
    '/timeline?cluster=demo&namespace=shop&from=2026-11-21T15%3A26%3A00Z&to=2026-11-21T15%3A27%3A00.5Z&at=2026-11-21T15%3A26%3A19.851234Z&group=kind&sort=failing',
    '/object/eu%2Fprod/deployments.apps/shop/web?uid=4e1c&tab=blame',
    '/object/demo/nodes/-/worker-1',
    '/timeline?follow=900s&sel=demo%2Fuid%2Fid%252Fwith',
    '/graph?object=deploy%2Fweb&up=1&down=0&siblings=true',
  ])('%s goes there and back', (path) => {
    expect(printView(there(path)!)).toBe(path);
  });

  it('has no page for other paths', () => {
    for (const path of ['/nothing', '/timeline/x', '/object/demo', '/object/demo/pods/shop/']) expect(there(path)).toBeUndefined();
  });

  it('leaves out what is not understood', () => {
    expect(there('/timeline?from=yesterday&up=-1&follow=x&sel=x')).toEqual({ page: 'timeline', set: everything, words: {} });
  });

  it.each([
    'from=2026-11-21T15:26:30Z&to=2026-11-21T15:26:10Z',
    'from=2026-11-21T15:26:30Z&to=2026-11-21T15:26:30Z',
    'from=2026-11-21T15:26:30.0000001Z&to=2026-11-21T15:26:30.0000009Z',
    'follow=-900s',
    'follow=0s',
    'follow=0.0000001s',
  ])('has no window for %s', (query) => {
    expect(there(`/?${query}`)).toEqual({ page: 'overview', set: everything, words: {} });
  });

  it('has the shortest window there is, and one that is open', () => {
    expect(there('/?from=2026-11-21T15:26:30Z&to=2026-11-21T15:26:30.000001Z')).toMatchObject({ from: 1795274790000000, to: 1795274790000001 });
    expect(there('/?to=2026-11-21T15:26:30Z')).toMatchObject({ to: 1795274790000000 });
  });
});
