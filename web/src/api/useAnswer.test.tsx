// @vitest-environment jsdom
import { act, cleanup, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { forgetAnswers } from './client';
import { useAnswer } from './useAnswer';

/** A server that answers when the test says so. */
let asked: { url: string; signal: AbortSignal; answer: (status: number, body: unknown) => Promise<void> }[] = [];

beforeEach(() => {
  asked = [];
  forgetAnswers();
  vi.stubGlobal('fetch', (url: string, { signal }: { signal: AbortSignal }) => new Promise<Response>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
    asked.push({ url, signal, answer: (status, body) => act(async () => resolve(new Response(JSON.stringify(body), { status }))) });
  }));
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const last = () => asked.at(-1)!;
const ask = (name: string, version = 0) => renderHook(({ name, version }) => useAnswer<{ of: string }>('state', name ? { name } : undefined, version), { initialProps: { name, version } });

describe('an answer', () => {
  it('of the question before stands, stale, until there is another', async () => {
    const { result, rerender } = ask('a');
    expect(result.current).toMatchObject({ loading: true, stale: false });
    await last().answer(200, { of: 'a' });
    expect(result.current).toMatchObject({ data: { of: 'a' }, loading: false, stale: false });
    rerender({ name: 'b', version: 0 });
    expect(result.current).toMatchObject({ data: { of: 'a' }, loading: true, stale: true });
    await last().answer(200, { of: 'b' });
    expect(result.current).toMatchObject({ data: { of: 'b' }, loading: false, stale: false });
  });

  it('of the question before is no answer to one that failed', async () => {
    const { result, rerender } = ask('a');
    await last().answer(200, { of: 'a' });
    rerender({ name: 'b', version: 0 });
    await last().answer(500, { title: 'broken' });
    expect(result.current).toMatchObject({ data: { of: 'a' }, loading: false, stale: true });
    expect(result.current.error?.message).toBe('broken');
    act(() => result.current.retry());
    expect(result.current).toMatchObject({ loading: true, stale: true });
    expect(result.current.error).toBeUndefined();
    await last().answer(200, { of: 'b' });
    expect(result.current).toMatchObject({ data: { of: 'b' }, stale: false });
  });

  it('stays, and is not stale, where asking it again failed', async () => {
    const { result, rerender } = ask('a');
    await last().answer(200, { of: 'a' });
    forgetAnswers();
    rerender({ name: 'a', version: 1 });
    await last().answer(500, { title: 'broken' });
    expect(result.current).toMatchObject({ data: { of: 'a' }, stale: false });
    expect(result.current.error?.message).toBe('broken');
  });

  it('that comes too late is dropped, and its question cancelled', async () => {
    const { result, rerender, unmount } = ask('a');
    const first = last();
    rerender({ name: 'b', version: 0 });
    expect(first.signal.aborted).toBe(true);
    await last().answer(200, { of: 'b' });
    await first.answer(200, { of: 'a' });
    expect(result.current.data).toEqual({ of: 'b' });
    rerender({ name: '', version: 0 });
    expect(result.current).toMatchObject({ loading: false, stale: false });
    expect(result.current.data).toBeUndefined();
    rerender({ name: 'c', version: 0 });
    unmount();
    expect(last().signal.aborted).toBe(true);
  });

  it('that was all there when its question was cancelled does not take the place of the one that is known', async () => {
    const { result, rerender } = ask('a');
    await last().answer(200, { of: 'a' });
    let tell: (body: string) => void = () => undefined;
    vi.stubGlobal('fetch', async () => ({ ok: true, status: 200, text: () => new Promise<string>((resolve) => (tell = resolve)) }));
    rerender({ name: 'b', version: 0 });
    await act(async () => undefined);
    rerender({ name: 'a', version: 0 });
    await act(async () => tell('{"of":"b"}'));
    expect(result.current).toMatchObject({ data: { of: 'a' }, loading: false, stale: false });
  });
});
