// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { act } from 'react';
import { setZone } from '../../url/prefs';
import { go, useView } from '../../url/useView';
import { Matrix } from './Matrix';
import type { Row } from './matrix';

beforeEach(() => {
  vi.stubGlobal('ResizeObserver', class { observe() { /* jsdom lays nothing out */ } disconnect() { /* nothing */ } });
  history.replaceState(null, '', '/coverage?q=pods');
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function Shown({ rows = [] }: { rows?: Row[] }) {
  const view = useView();
  return view ? <Matrix rows={rows} all={rows} window={{ from: 0, to: 1_000_000 }} recorded={new Map()} view={view} /> : null;
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

it('a strip tells its holes with moments in the zone of the person', () => {
  setZone('utc');
  const gap = { reason: 'watch-missed', scope: { cluster: 'demo', resource: 'pods' }, sentence: 'Pods were not watched from 2026-11-21T15:26:02Z on.' };
  render(<Shown rows={[{ cluster: 'demo', resource: 'pods', gaps: [gap] }]} />);
  expect(screen.getByRole('img', { name: 'Pods were not watched from 2026-11-21 15:26:02 on.' })).toBeTruthy();
});
