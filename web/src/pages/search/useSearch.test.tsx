// @vitest-environment jsdom
import { act, renderHook, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mostHits, useSearch } from './useSearch';

/** A search that the test answers line by line. */
interface Asked {
  url: URL;
  signal: AbortSignal;
  say: (...lines: unknown[]) => Promise<void>;
  close: () => Promise<void>;
}

let asked: Asked[] = [];

beforeEach(() => {
  asked = [];
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    let controller: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({ start: (own) => void (controller = own) });
    const signal = init.signal as AbortSignal;
    signal.addEventListener('abort', () => controller.error(signal.reason));
    const settle = () => act(async () => new Promise((resolve) => setTimeout(resolve, 80)));
    asked.push({
      url: new URL(url, 'http://here'),
      signal,
      say: async (...lines) => {
        controller.enqueue(new TextEncoder().encode(lines.map((line) => JSON.stringify(line) + '\n').join('')));
        await settle();
      },
      close: async () => {
        controller.close();
        await settle();
      },
    });
    return Promise.resolve(new Response(body, { status: 200 }));
  });
});
afterEach(() => vi.unstubAllGlobals());

const hit = (id: string) => ({ id, kind: 'request', when: {}, object: { cluster: 'demo' }, summary: '' });
const end = (over = {}) => ({ end: { hits: 1, scanned: 10, unknown: 1, coverage: { complete: false, gaps: [] }, ...over } });
const ids = (hits: readonly { id: string }[]) => hits.map((one) => one.id);

const search = (filter: string) => renderHook(({ filter: text }) => useSearch({ filter: text, limit: 2 }, 0), { initialProps: { filter } });
const last = () => asked.at(-1) as Asked;

describe('a search', () => {
  it('shows hits as they come in, then how it ended', async () => {
    const { result } = search('a');
    await waitFor(() => expect(asked).toHaveLength(1));
    await last().say(hit('1'));
    expect(result.current).toMatchObject({ stale: false, found: { running: true } });
    expect(ids(result.current.found.hits)).toEqual(['1']);
    await last().say(hit('2'), end({ failed: 3, firstFail: 'no such overload' }));
    expect(ids(result.current.found.hits)).toEqual(['1', '2']);
    expect(result.current.found).toMatchObject({ running: false, scanned: 10, unknown: 1, failed: 3 });
  });

  it('is cancelled by the next one, and what it found stays until that has something', async () => {
    const { result, rerender } = search('a');
    await waitFor(() => expect(asked).toHaveLength(1));
    await last().say(hit('1'));
    rerender({ filter: 'b' });
    await waitFor(() => expect(asked).toHaveLength(2));
    expect(asked[0]?.signal.aborted).toBe(true);
    expect(result.current.stale).toBe(true);
    expect(ids(result.current.found.hits)).toEqual(['1']);
    await last().say(hit('9'), end());
    expect(result.current.stale).toBe(false);
    expect(ids(result.current.found.hits)).toEqual(['9']);
  });

  it('goes on behind its cursor, and counts no record twice', async () => {
    const { result } = search('a');
    await waitFor(() => expect(asked).toHaveLength(1));
    await last().say(hit('1'), end({ cursor: 'c1', cut: 'the limit' }));
    act(() => result.current.more());
    await waitFor(() => expect(asked).toHaveLength(2));
    expect(last().url.searchParams.get('cursor')).toBe('c1');
    await last().say(hit('2'), end({ scanned: 7 }));
    expect(ids(result.current.found.hits)).toEqual(['1', '2']);
    expect(result.current.found).toMatchObject({ scanned: 10, unknown: 1 });
    act(() => result.current.more());
    expect(asked).toHaveLength(2);
  });

  it('loads no more than a browser can keep', async () => {
    const { result } = search('a');
    await waitFor(() => expect(asked).toHaveLength(1));
    await last().say(...Array.from({ length: mostHits }, (_, i) => hit(String(i))), end({ cursor: 'c1', cut: 'the limit' }));
    await waitFor(() => expect(result.current.found.hits).toHaveLength(mostHits));
    act(() => result.current.more());
    expect(asked).toHaveLength(1);
  });

  it('keeps what came before it broke off, and says so', async () => {
    const { result } = search('a');
    await waitFor(() => expect(asked).toHaveLength(1));
    await last().say(hit('1'));
    await last().close();
    expect(ids(result.current.found.hits)).toEqual(['1']);
    expect(result.current.found.error?.message).toContain('broke off');
    expect(result.current.wrong).toBe(false);
  });

  it('that can not be asked takes nothing away', async () => {
    const { result, rerender } = search('a');
    await waitFor(() => expect(asked).toHaveLength(1));
    await last().say(hit('1'), end());
    rerender({ filter: 'b' });
    await waitFor(() => expect(asked).toHaveLength(2));
    await last().say({ error: { kind: 'bad-question', detail: 'undefined field', status: 400, line: 1, column: 2 } });
    expect(result.current.wrong).toBe(true);
    expect(ids(result.current.found.hits)).toEqual(['1']);
    expect(result.current.found.error?.problem.column).toBe(2);
  });
});
