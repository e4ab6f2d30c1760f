import { afterEach, expect, it, vi } from 'vitest';
import { Whole } from '../text/whole';
import { ask, forgetAnswers } from './client';

afterEach(() => {
  forgetAnswers();
  vi.unstubAllGlobals();
});

it.each([
  ['state', new Whole('9007199254740993')],
  ['history', new Whole('9007199254740993')],
  ['info', 9007199254740992],
])('%s tells of a large number %s', async (question, want) => {
  vi.stubGlobal('sessionStorage', { getItem: () => null });
  vi.stubGlobal('fetch', async () => new Response('{"manifest":{"spec":{"id":9007199254740993}}}'));
  expect(await ask(question, {})).toEqual({ manifest: { spec: { id: want } } });
});

it('an answer on its way while all are forgotten is given once, and not kept', async () => {
  vi.stubGlobal('sessionStorage', { getItem: () => null });
  const asked: ((body: string) => void)[] = [];
  vi.stubGlobal('fetch', () => new Promise<Response>((resolve) => asked.push((body) => resolve(new Response(body)))));
  const old = ask('lanes', {});
  forgetAnswers();
  asked[0]?.('"before"');
  expect(await old).toBe('before');
  const fresh = ask('lanes', {});
  expect(asked).toHaveLength(2);
  asked[1]?.('"after"');
  expect(await fresh).toBe('after');
  expect(await ask('lanes', {})).toBe('after');
  expect(asked).toHaveLength(2);
});
