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
