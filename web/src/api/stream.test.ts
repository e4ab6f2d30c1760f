import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Whole } from '../text/whole';
import { ApiError } from './client';
import { askEvents, askLines } from './stream';

/** Answers with these pieces, as the network cut them. */
function answers(...pieces: string[]): void {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
  vi.stubGlobal('fetch', async () => new Response(body, { headers: { 'Content-Type': 'text/event-stream' } }));
}

beforeEach(() => vi.stubGlobal('sessionStorage', { getItem: () => null }));
afterEach(() => vi.unstubAllGlobals());

const asked = () => askEvents<{ number: number }>('follow', {}, new AbortController().signal);

it('reads ticks, whatever the network cuts them into, and leaves comments out', async () => {
  answers('event: tick\nid: 7\ndata: {"num', 'ber":7}\n\n: still here\n\nevent: tick\ndata: {"number":9}\n', '\n');
  const got: number[] = [];
  for await (const tick of asked()) got.push(tick.number);
  expect(got).toEqual([7, 9]);
});

it('throws what the server says of why it breaks off', async () => {
  answers('event: tick\ndata: {"number":7}\n\nevent: problem\ndata: {"title":"A limit was reached","status":422,"detail":"enough"}\n\n');
  const got: number[] = [];
  const all = (async () => {
    for await (const tick of asked()) got.push(tick.number);
  })();
  await expect(all).rejects.toThrow(ApiError);
  await expect(all).rejects.toThrow('enough');
  expect(got).toEqual([7]);
});

it('tells whole numbers of lines as they were sent', async () => {
  answers('{"id":9007199254740993}\n{"id":7', '}\n');
  const got: unknown[] = [];
  for await (const line of askLines('search', {}, new AbortController().signal)) got.push(line);
  expect(got).toEqual([{ id: new Whole('9007199254740993') }, { id: 7 }]);
});
