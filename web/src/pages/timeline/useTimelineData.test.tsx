// @vitest-environment jsdom
import { act, cleanup, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { everything, type View } from '../../url/state';
import { useTimelineData } from './useTimelineData';

/** Questions for all rows of a set that were not answered yet, by its namespace. */
let waiting: Map<string, () => Promise<void>>;

const rowsOf = (namespace: string, count: number, total: number) =>
  JSON.stringify({ rows: Array.from({ length: count }, (_, i) => ({ cluster: 'c', uid: `${namespace}-${i}`, namespace, name: `n${i}`, parent: -1 })), from: 1_795_183_200_000_000, to: 1_795_183_260_000_000, total });

beforeEach(() => {
  waiting = new Map();
  vi.stubGlobal('fetch', (address: string) => new Promise<Response>((resolve) => {
    const url = new URL(address, 'http://wake');
    const answer = (body: string) => resolve(new Response(body));
    const namespace = url.searchParams.get('namespace') ?? '';
    if (url.pathname.endsWith('/info')) answer('{"clusters":[{"name":"c","first":"2026-11-21T15:00:00Z","last":"2026-11-21T16:00:00Z"}]}');
    else if (url.pathname.endsWith('/rows') && url.searchParams.get('limit') === '300') answer(rowsOf(namespace, 300, 500));
    else if (url.pathname.endsWith('/rows')) waiting.set(namespace, () => act(async () => answer(rowsOf(namespace, 500, 500))));
  }));
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const of = (namespace: string): View => ({ page: 'timeline', set: { ...everything, namespace }, words: {} });

it('the rows of one set are never shown as those of another', async () => {
  const { result, rerender } = renderHook(({ view }) => useTimelineData(view), { initialProps: { view: of('a') } });
  await act(async () => undefined);
  const shown = () => ({ of: result.current.rows.data?.rows[0]?.namespace, count: result.current.rows.data?.rows.length, stale: result.current.rows.stale });
  expect(shown()).toEqual({ of: 'a', count: 300, stale: false });
  await waiting.get('a')?.();
  expect(shown()).toEqual({ of: 'a', count: 500, stale: false });
  rerender({ view: of('b') });
  expect(shown()).toMatchObject({ of: 'a', stale: true });
  await act(async () => undefined);
  expect(shown()).toEqual({ of: 'b', count: 300, stale: false });
  await waiting.get('b')?.();
  expect(shown()).toEqual({ of: 'b', count: 500, stale: false });
});
