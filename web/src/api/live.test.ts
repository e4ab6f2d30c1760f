// @vitest-environment jsdom
import { act, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Tick } from './types';

/** A server whose answers to `follow` the test feeds, one connection after another. */
function fakeServer(live = true) {
  const connections: { send: (tick: Tick) => void; say: (text: string) => void; end: () => void; signal: AbortSignal }[] = [];
  let refusal = 0;
  vi.stubGlobal('fetch', async (url: string, init?: RequestInit) => {
    if (url.startsWith('/ui/config.json')) return new Response(JSON.stringify({ version: 'x', jaeger: '', live }));
    if (refusal) return new Response(JSON.stringify({ title: 'no' }), { status: refusal });
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        const signal = init?.signal as AbortSignal;
        signal.addEventListener('abort', () => controller.error(new DOMException('aborted', 'AbortError')));
        connections.push({
          send: (tick) => controller.enqueue(encoder.encode(`event: tick\nid: ${tick.number}\ndata: ${JSON.stringify(tick)}\n\n`)),
          say: (text) => controller.enqueue(encoder.encode(text)),
          end: () => controller.close(),
          signal,
        });
      },
    });
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
  });
  return { connections, refuse: (status: number) => (refusal = status) };
}

const tick = (number: number, newest: number): Tick => ({ number, newest: { demo: newest }, added: 1 });
const settle = () => act(async () => void (await vi.advanceTimersByTimeAsync(20)));

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function mount() {
  const live = await import('./live');
  return { ...renderHook(() => live.useLive()), live };
}

describe('live', () => {
  it('is where we are at the first tick, and new things behind it', async () => {
    const server = fakeServer();
    const { result, unmount } = await mount();
    await settle();
    server.connections[0]!.send(tick(7, 100));
    await settle();
    expect(result.current).toEqual({ live: true, version: 0, newest: { demo: 100 } });
    server.connections[0]!.send(tick(9, 200));
    await settle();
    expect(result.current).toEqual({ live: true, version: 1, newest: { demo: 200 } });
    unmount();
    expect(server.connections[0]!.signal.aborted).toBe(true);
  });

  it('is one connection however many look', async () => {
    const server = fakeServer();
    const { unmount, live } = await mount();
    const second = renderHook(() => live.useLive());
    await settle();
    expect(server.connections).toHaveLength(1);
    second.unmount();
    expect(server.connections[0]!.signal.aborted).toBe(false);
    unmount();
  });

  it('connects again, and what was missed meanwhile counts as new', async () => {
    const server = fakeServer();
    const { result, unmount } = await mount();
    await settle();
    server.connections[0]!.send(tick(1, 100));
    await settle();
    server.connections[0]!.end();
    await settle();
    expect(result.current.live).toBe(false);
    await act(async () => void (await vi.advanceTimersByTimeAsync(2_500)));
    server.connections[1]!.send(tick(4, 300));
    await settle();
    expect(result.current).toEqual({ live: true, version: 1, newest: { demo: 300 } });
    unmount();
  });

  it('is not said of a connection on which nothing is heard any more', async () => {
    const server = fakeServer();
    const { result, unmount } = await mount();
    await settle();
    server.connections[0]!.send(tick(1, 100));
    await settle();
    await act(async () => void (await vi.advanceTimersByTimeAsync(40_000)));
    server.connections[0]!.say(': still here\n\n');
    await act(async () => void (await vi.advanceTimersByTimeAsync(40_000)));
    expect(result.current.live).toBe(true);
    await act(async () => void (await vi.advanceTimersByTimeAsync(10_500)));
    expect(result.current.live).toBe(false);
    await act(async () => void (await vi.advanceTimersByTimeAsync(2_500)));
    expect(server.connections).toHaveLength(2);
    unmount();
  });

  it('does not press a server that refuses', async () => {
    const server = fakeServer();
    server.refuse(404);
    const fetched = vi.spyOn(globalThis, 'fetch');
    const { unmount } = await mount();
    await act(async () => void (await vi.advanceTimersByTimeAsync(50_000)));
    expect(fetched.mock.calls.filter(([url]) => String(url).includes('follow'))).toHaveLength(1);
    await act(async () => void (await vi.advanceTimersByTimeAsync(20_000)));
    expect(fetched.mock.calls.filter(([url]) => String(url).includes('follow'))).toHaveLength(2);
    unmount();
  });

  it('is never said of a recording that is only read', async () => {
    const server = fakeServer(false);
    const { result, unmount } = await mount();
    await settle();
    server.connections[0]!.send(tick(2, 100));
    await settle();
    expect(result.current.live).toBe(false);
    expect(result.current.newest).toEqual({ demo: 100 });
    unmount();
  });

  it('holds no connection in a tab that nobody sees', async () => {
    const server = fakeServer();
    const { unmount } = await mount();
    await settle();
    const seen = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    document.dispatchEvent(new Event('visibilitychange'));
    await settle();
    expect(server.connections[0]!.signal.aborted).toBe(true);
    seen.mockReturnValue('visible');
    document.dispatchEvent(new Event('visibilitychange'));
    await settle();
    expect(server.connections).toHaveLength(2);
    unmount();
  });

  it('knows the newest fact of one cluster and of all', async () => {
    const { newestOf } = await import('./live');
    const live = { live: true, version: 0, newest: { a: 5, b: 9 } };
    expect([newestOf(live), newestOf(live, 'a'), newestOf(live, 'c')]).toEqual([9, 5, undefined]);
  });
});
