// @vitest-environment jsdom
import { cleanup, configure, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { everything } from '../url/state';
import { CopyMenu } from './CopyMenu';

// Only what waits for ever fails, also on a machine that is busy.
configure({ asyncUtilTimeout: 15_000 });
vi.setConfig({ testTimeout: 30_000 });

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it.each([
  ['Copied', true],
  ['Not copied', false],
])('says that it is %s', async (words, lets) => {
  vi.stubGlobal('fetch', () => new Promise(() => undefined));
  Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true });
  Object.defineProperty(document, 'execCommand', { value: () => lets, configurable: true });
  render(<CopyMenu view={{ page: 'search', set: everything, words: {} }} />);
  fireEvent.click(screen.getByRole('button', { name: /^Copy/ }));
  fireEvent.click(screen.getByText('Link to this view'));
  expect(await screen.findByText(words, { selector: 'button', exact: false })).toBeTruthy();
});
