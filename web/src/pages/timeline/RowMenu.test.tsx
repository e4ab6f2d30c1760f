// @vitest-environment jsdom
import { act, cleanup, configure, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Row } from '../../api/drawn';
import { everything, type View } from '../../url/state';
import { RowMenu } from './RowMenu';
import { parseWords } from './words';

// Only what waits for ever fails, also on a machine that is busy.
configure({ asyncUtilTimeout: 15_000 });
vi.setConfig({ testTimeout: 30_000 });

const view: View = { page: 'timeline', set: everything, words: {} };
const web: Row = { cluster: 'eu', group: 'apps', kind: 'Deployment', resource: 'deployments', namespace: 'shop', name: 'web', uid: 'u1', parent: -1 } as Row;
const copied = vi.fn();

beforeEach(() => {
  copied.mockClear();
  vi.stubGlobal('fetch', (url: string) => (url.startsWith('/api/v1/info') ? Promise.resolve(new Response('{"clusters":[{"name":"eu"},{"name":"us"}]}')) : new Promise(() => undefined)));
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

/** A row's button, and its menu while it is open. */
function Opened() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>more</button>
      {open && <RowMenu row={web} at={new DOMRect()} view={view} words={parseWords({})} copy={copied} close={() => setOpen(false)} />}
    </>
  );
}

async function opened(): Promise<HTMLElement> {
  vi.stubGlobal('DOMRect', class { left = 0; top = 0; width = 0; height = 0; });
  await act(async () => void render(<Opened />));
  const button = screen.getByText('more');
  button.focus();
  fireEvent.click(button);
  await waitFor(() => expect(document.activeElement?.textContent).toBe('Open the object'));
  return button;
}

it('a row’s menu is walked by keys, and gives the focus back', async () => {
  const button = await opened();
  fireEvent.keyDown(document.activeElement!, { key: 'ArrowDown' });
  expect(document.activeElement?.textContent).toBe('Show its states');
  fireEvent.keyDown(document.activeElement!, { key: 'End' });
  expect(document.activeElement?.textContent).toBe('Copy the command');
  fireEvent.keyDown(document.activeElement!, { key: 'Escape' });
  expect(screen.queryByRole('menu')).toBeNull();
  expect(document.activeElement).toBe(button);
});

it('a row’s command names its cluster where several are recorded', async () => {
  await opened();
  fireEvent.click(screen.getByText('Copy the command'));
  expect(copied.mock.calls).toEqual([['kubewake history deploy/web -n shop --cluster eu']]);
  expect(screen.queryByRole('menu')).toBeNull();
});
