// @vitest-environment jsdom
import { act, cleanup, render, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { forgetAnswers } from '../api/client';
import { second } from '../time/moment';
import { everything, type View } from '../url/state';
import { pinned, usePageHasWindowBar, useSeen, WindowBar } from '.';

const view = (more: Partial<View> = {}): View => ({ page: 'timeline', set: everything, words: {}, ...more });
const window = { from: 90 * second, to: 100 * second };

describe('what is seen', () => {
  it.each<[string, View, View]>([
    ['a window that follows, by its ends', view({ follow: 10 * second, at: 95 * second }), view({ ...window, at: 95 * second })],
    ['a window that stands, as it is', view({ from: 1, to: 2 }), view({ from: 1, to: 2 })],
    ['a window whose ends are open, as it is', view(), view()],
    ['the newest state of an object, by its time', view({ page: 'object' }), view({ page: 'object', at: 99 * second })],
    ['a chosen state of an object, by its own', view({ page: 'object', at: 7, follow: second }), view({ page: 'object', ...window, at: 7 })],
  ])('names %s', (_, from, to) => {
    expect(pinned(from, window, 99 * second)).toEqual(to);
  });

  it('leaves the newest state open where nothing comes in', () => {
    expect(pinned(view({ page: 'object' }), window)).toEqual(view({ page: 'object' }));
  });

  it('can not name a window that is not known yet', () => {
    expect(pinned(view({ follow: second }), {})).toEqual(view({ follow: second }));
  });
});

describe('useSeen', () => {
  beforeEach(() => {
    forgetAnswers();
    const clusters = [{ name: 'demo', epochs: 1, objects: 1, first: '1970-01-01T00:00:01Z', last: '1970-01-01T00:01:40Z' }];
    vi.stubGlobal('fetch', async (path: string) => (path.includes('/info') ? new Response(JSON.stringify({ clusters })) : new Response('{}', { status: 404 })));
  });
  afterEach(() => {
    cleanup();
    vi.unstubAllGlobals();
  });

  const following = view({ follow: 10 * second });

  it('is up to the newest fact, or what the bar of the page shows', async () => {
    const { result } = renderHook(() => ({ seen: useSeen(following), hasBar: usePageHasWindowBar() }));
    await vi.waitFor(() => expect(result.current.seen).toEqual(view({ from: 90 * second, to: 100 * second + 1 })));
    expect(result.current.hasBar).toBe(false);
    // A page that asked a while ago shows what was there then.
    const bar = render(<WindowBar view={following} bounds={{ to: 60 * second }} />);
    expect(result.current).toEqual({ seen: view({ from: 50 * second, to: 60 * second + 1 }), hasBar: true });
    bar.rerender(<WindowBar view={following} bounds={{ to: 61 * second }} />);
    expect(result.current.seen.to).toBe(61 * second + 1);
    act(() => bar.unmount());
    expect(result.current.hasBar).toBe(false);
  });
});
