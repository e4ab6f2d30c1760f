// @vitest-environment jsdom
import { cleanup, configure, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useView } from '../url/useView';
import { Header } from './Header';

// Only what waits for ever fails, also on a machine that is busy.
configure({ asyncUtilTimeout: 15_000 });
vi.setConfig({ testTimeout: 30_000 });

const newest = Date.parse('2026-11-21T15:27:00Z') * 1000;

beforeEach(() => {
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
  vi.stubGlobal('fetch', async (path: string, init?: RequestInit) => {
    if (path.includes('config.json')) return new Response('{"version":"x","jaeger":"","live":true}');
    if (!path.includes('/follow')) return new Response('{"clusters":[{"name":"demo","epochs":1,"objects":1,"first":"2026-11-21T15:26:00Z","last":"2026-11-21T15:27:00Z"}]}');
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        init?.signal?.addEventListener('abort', () => controller.error(new DOMException('aborted', 'AbortError')));
        controller.enqueue(new TextEncoder().encode(`event: tick\ndata: ${JSON.stringify({ number: 1, newest: { demo: newest }, added: 1 })}\n\n`));
      },
    });
    return new Response(body);
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function Shown() {
  const view = useView();
  return view ? <Header view={view} search={() => undefined} showKeys={() => undefined} /> : null;
}

it('who stops following stays at the window that is seen', async () => {
  history.replaceState(null, '', '/timeline');
  render(<Shown />);
  const mark = await screen.findByRole('button', { name: /^Live/ });
  fireEvent.click(mark);
  expect(location.search).toBe('?follow=900s');
  expect(mark.getAttribute('aria-pressed')).toBe('true');
  fireEvent.click(mark);
  expect(location.search).toBe('?from=2026-11-21T15%3A12%3A00Z&to=2026-11-21T15%3A27%3A00.000001Z');
});
