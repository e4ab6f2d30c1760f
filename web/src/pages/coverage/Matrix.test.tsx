// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { act } from 'react';
import { go, useView } from '../../url/useView';
import { Matrix } from './Matrix';

beforeEach(() => {
  vi.stubGlobal('ResizeObserver', class { observe() { /* jsdom lays nothing out */ } disconnect() { /* nothing */ } });
  history.replaceState(null, '', '/coverage?q=pods');
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function Shown() {
  const view = useView();
  return view ? <Matrix rows={[]} all={[]} window={{ from: 0, to: 1_000_000 }} recorded={new Map()} view={view} /> : null;
}

it('the filter of resources is the one of the address, also after going back', () => {
  render(<Shown />);
  const field = screen.getByRole('searchbox', { name: 'Filter resources' }) as HTMLInputElement;
  expect(field.value).toBe('pods');
  fireEvent.change(field, { target: { value: 'nodes' } });
  expect(new URLSearchParams(location.search).get('q')).toBe('nodes');
  expect(field.value).toBe('nodes');
  act(() => go({ words: { q: '' } }));
  expect(field.value).toBe('');
});
