// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { forgetAnswers } from '../../api/client';
import { everything } from '../../url/state';
import { StartHere } from './StartHere';

let fails = true;

beforeEach(() => {
  forgetAnswers();
  vi.stubGlobal('fetch', async (path: string) => {
    if (!path.includes('kind=namespaces') && fails) return new Response('{"title":"The store is busy"}', { status: 503 });
    const namespace = path.includes('kind=namespaces');
    return new Response(JSON.stringify({ objects: [{ cluster: 'demo', kind: namespace ? 'Namespace' : 'Deployment', name: namespace ? 'shop' : 'web', uid: 'u1', revisions: 1 }], total: namespace ? 70 : 1 }));
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it('each list fails, is asked again and is cut by itself', async () => {
  render(<StartHere view={{ page: 'graph', set: everything, words: {} }} />);
  expect((await screen.findByRole('link', { name: /shop/ })).getAttribute('href')).toBe('/graph?cluster=demo&namespace=shop');
  expect(await screen.findByText(/Showing 1 of 70 namespaces/)).toBeTruthy();
  const retry = await screen.findByRole('button', { name: 'Retry' });
  fails = false;
  fireEvent.click(retry);
  expect((await screen.findByRole('link', { name: /web/ })).getAttribute('href')).toContain('object=uid%3Au1');
  expect(screen.queryByRole('alert')).toBeNull();
});
