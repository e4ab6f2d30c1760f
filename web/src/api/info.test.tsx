// @vitest-environment jsdom
import { act, cleanup, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { forgetAnswers } from './client';
import { useInfo } from './server';

/** A server that tells of itself when the test says so, and of nothing that is recorded just now. */
let asked: ((clusters: string[]) => Promise<void>)[] = [];

beforeEach(() => {
  asked = [];
  vi.stubGlobal('fetch', (url: string) => new Promise<Response>((resolve) => {
    if (!url.startsWith('/api/v1/info')) return;
    asked.push((clusters) => act(async () => resolve(new Response(JSON.stringify({ clusters: clusters.map((name) => ({ name })) })))));
  }));
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it('what was told before something was recorded is asked again', async () => {
  const { result } = renderHook(() => useInfo());
  expect(asked).toHaveLength(1);
  forgetAnswers();
  await asked[0]?.(['a']);
  expect(result.current.data?.clusters).toEqual([{ name: 'a' }]);
  expect(asked).toHaveLength(2);
  await asked[1]?.(['a', 'b']);
  expect(result.current.data?.clusters).toEqual([{ name: 'a' }, { name: 'b' }]);
  expect(asked).toHaveLength(2);
});
