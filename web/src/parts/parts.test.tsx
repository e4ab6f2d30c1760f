// @vitest-environment jsdom
import { cleanup, configure, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/client';
import type { Ref } from '../api/types';
import { parseMoment } from '../time/moment';
import { setZone } from '../url/prefs';
import { parseView } from '../url/state';
import { CertaintyChip, Copy, CoverageNote, CutNote, Dated, ErrorBox, Menu, ObjectLink, StateChip, Tabs, TimeLabel, WindowButton } from '.';

// Only what waits for ever fails, also on a machine that is busy.
configure({ asyncUtilTimeout: 15_000 });
vi.setConfig({ testTimeout: 30_000 });

const web: Ref = { cluster: 'demo', group: 'apps', kind: 'Deployment', resource: 'deployments', namespace: 'shop', name: 'web', uid: 'u1' };
const view = (path: string) => parseView(new URL(path, 'http://here'))!;

beforeEach(() => {
  history.replaceState(null, '', '/');
  setZone('utc');
});
afterEach(cleanup);

describe('links to objects', () => {
  it('keep window, cursor and set, and go there without loading the page', () => {
    render(<ObjectLink object={web} view={view('/timeline?namespace=shop&from=2026-11-21T15%3A26%3A00Z&at=2026-11-21T15%3A26%3A10Z&sort=failing&sel=demo%2Fu2%2Fx')} />);
    const link = screen.getByRole('link');
    const want = '/object/demo/deployments.apps/shop/web?namespace=shop&uid=u1&from=2026-11-21T15%3A26%3A00Z&at=2026-11-21T15%3A26%3A10Z';
    expect(link.getAttribute('href')).toBe(want);
    fireEvent.click(link);
    expect(location.pathname + location.search).toBe(want);
  });

  it('leave a click with a modifier to the browser', () => {
    render(<ObjectLink object={web} />);
    const link = screen.getByRole('link');
    link.addEventListener('click', (event) => event.preventDefault());
    fireEvent.click(link, { ctrlKey: true });
    expect(location.pathname).toBe('/');
  });

  it('are only words where there is no name', () => {
    render(<ObjectLink object={{ cluster: 'demo', uid: '12345678-9' }} />);
    expect(screen.queryByRole('link')).toBeNull();
    expect(screen.getByText('uid 12345678…')).toBeTruthy();
  });
});

describe('times', () => {
  it('say both zones and the machine-readable time', () => {
    render(<TimeLabel at="2026-11-21T15:26:19.851234567Z" precision="milli" />);
    const time = screen.getByText('2026-11-21 15:26:19.851');
    expect(time.getAttribute('dateTime')).toBe('2026-11-21T15:26:19.851234Z');
    expect(time.title).toContain('15:26:19.851234 UTC');
  });

  it('are told by the clock alone where they are of one day', () => {
    render(<TimeLabel at="2026-11-21T15:26:19Z" clock />);
    expect(screen.getByText('15:26:19')).toBeTruthy();
    render(
      <Dated.Provider value>
        <TimeLabel at="2026-11-21T15:26:19Z" clock />
      </Dated.Provider>,
    );
    expect(screen.getByText('2026-11-21 15:26:19')).toBeTruthy();
  });

  it('that are not known say so', () => {
    render(<TimeLabel at={undefined} />);
    expect(screen.getByText('unknown')).toBeTruthy();
  });
});

it('a state has words and a glyph besides its colour', () => {
  const { container } = render(<StateChip state="bad" text="ImagePullBackOff" />);
  expect(screen.getByText('ImagePullBackOff')).toBeTruthy();
  expect(container.querySelector('.state-glyph-bad path')).toBeTruthy();
  render(<StateChip state="of a newer server" />);
  expect(document.querySelector('.state-glyph-unknown')).toBeTruthy();
});

describe('errors', () => {
  it('name the candidates and offer no retry that can not help', () => {
    render(<ErrorBox error={new ApiError(409, { kind: 'ambiguous', detail: 'several match', candidates: ['a/web', 'b/web'] })} retry={() => undefined} />);
    expect(screen.getByRole('alert').textContent).toContain('a/web');
    expect(screen.queryByRole('button')).toBeNull();
  });

  it('ask again where that may help', () => {
    const retry = vi.fn();
    render(<ErrorBox error={new ApiError(0, { detail: 'kubewake can not be reached.' })} retry={retry} />);
    fireEvent.click(screen.getByRole('button', { name: 'Retry' }));
    expect(retry).toHaveBeenCalledOnce();
  });
});

it('errors tell the moments of a hole in the zone of the person', () => {
  const gap = { reason: 'r', scope: { cluster: 'demo' }, sentence: 'Nothing is known before 2026-11-21T15:26:02Z.' };
  render(<ErrorBox error={new ApiError(404, { kind: 'not-covered', detail: 'Not there.', coverage: { complete: false, gaps: [gap] } })} />);
  expect(screen.getByText('Nothing is known before 2026-11-21 15:26:02.').title).toBe(gap.sentence);
});

describe('notes', () => {
  it('say how much is shown', () => {
    render(<CutNote cut="the limit of 500 rows was reached" shown={500} total={12431} />);
    expect(screen.getByRole('status').textContent).toBe('Showing 500 of 12,431 rows: the limit of 500 rows was reached');
  });

  it('say nothing of what is whole', () => {
    const { container } = render(<CutNote shown={5} total={5} />);
    expect(container.textContent).toBe('');
  });

  it('tell one hole, and the others when asked', () => {
    const gap = (n: number) => ({ reason: 'r', scope: { cluster: 'demo' }, sentence: `Hole ${n}.` });
    render(<CoverageNote coverage={{ complete: false, gaps: [gap(1), gap(2), gap(3)], cut: 4 }} />);
    expect(screen.queryByText('Hole 2.')).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'and 6 more holes' }));
    expect(screen.getByText('Hole 3.')).toBeTruthy();
  });

  it('tell moments in the zone of the person, and the words of the server on hover', () => {
    const sentence = 'It begins at 2026-11-21T15:26:02.345Z; what was before is not known.';
    render(<CoverageNote coverage={{ complete: false, gaps: [{ reason: 'r', scope: { cluster: 'demo' }, sentence }] }} />);
    expect(screen.getByText('It begins at 2026-11-21 15:26:02.345; what was before is not known.').title).toBe(sentence);
  });

  it('of how a thing is known do so on hover', () => {
    render(<CertaintyChip certainty="inferred" reason="Recorded again at 2026-11-21T15:26:02Z." />);
    expect(screen.getByText('inferred').closest('[title]')?.getAttribute('title')).toBe('Recorded again at 2026-11-21 15:26:02.');
  });

  it('never call complete what nothing proves', () => {
    render(<CoverageNote coverage={{ complete: false, gaps: [] }} />);
    expect(screen.getByText('Nothing shows that everything was seen.')).toBeTruthy();
  });
});

it('tabs move with the arrows, around', () => {
  const chosen = vi.fn();
  render(<Tabs id="t" label="Parts" tabs={[{ value: 'a', label: 'A' }, { value: 'b', label: 'B' }]} value="a" onChange={chosen} />);
  fireEvent.keyDown(screen.getByRole('tab', { name: 'A' }), { key: 'ArrowLeft' });
  expect(chosen).toHaveBeenLastCalledWith('b');
  expect(screen.getByRole('tab', { name: 'B' }).tabIndex).toBe(-1);
});

it('menus run what is chosen and give the focus back', () => {
  const run = vi.fn();
  render(<Menu label="Actions" items={[{ label: 'One', run }, { label: 'Two', run: () => undefined }]} />);
  const button = screen.getByRole('button', { name: 'Actions' });
  fireEvent.click(button);
  expect(button.getAttribute('aria-expanded')).toBe('true');
  fireEvent.click(screen.getByRole('menuitem', { name: 'One' }));
  expect(run).toHaveBeenCalledOnce();
  expect(screen.queryByRole('menu')).toBeNull();
  expect(document.activeElement).toBe(button);
  fireEvent.click(button);
  fireEvent.keyDown(screen.getByRole('menu'), { key: 'Escape' });
  expect(screen.queryByRole('menu')).toBeNull();
});

it('copying says that it did', async () => {
  const writeText = vi.fn().mockResolvedValue(undefined);
  Object.defineProperty(navigator, 'clipboard', { value: { writeText }, configurable: true });
  render(<Copy value="secret sauce" label="the UID" />);
  fireEvent.click(screen.getByRole('button', { name: 'Copy the UID' }));
  expect(await screen.findByRole('button', { name: 'Copied' })).toBeTruthy();
  expect(writeText).toHaveBeenCalledWith('secret sauce');
});

describe('the window', () => {
  const bounds = { from: parseMoment('2026-11-21T15:26:00Z')!, to: parseMoment('2026-11-21T15:27:00Z')! };

  it('is typed in the zone that is shown, and refused in words where it is none', () => {
    render(<WindowButton view={view('/')} bounds={bounds} />);
    fireEvent.click(screen.getByRole('button'));
    const [from, to] = [screen.getByLabelText('From'), screen.getByLabelText('To')];
    fireEvent.change(from, { target: { value: 'yesterday' } });
    fireEvent.click(screen.getByRole('button', { name: 'Show' }));
    expect(screen.getByRole('alert').textContent).toContain('A time is');
    fireEvent.change(from, { target: { value: '15:26:40' } });
    fireEvent.change(to, { target: { value: '15:26:30' } });
    fireEvent.click(screen.getByRole('button', { name: 'Show' }));
    expect(screen.getByRole('alert').textContent).toContain('ends before it begins');
    fireEvent.change(to, { target: { value: '' } });
    fireEvent.click(screen.getByRole('button', { name: 'Show' }));
    expect(location.search).toBe('?from=2026-11-21T15%3A26%3A40Z');
  });

  it('gives the focus back when it is chosen', () => {
    render(<WindowButton view={view('/')} bounds={bounds} />);
    const button = screen.getByRole('button');
    fireEvent.click(button);
    fireEvent.click(screen.getByRole('button', { name: 'Everything recorded' }));
    expect(document.activeElement).toBe(button);
  });

  it('offers the last stretch of what is recorded, not of the clock on the wall', () => {
    render(<WindowButton view={view('/')} bounds={bounds} />);
    fireEvent.click(screen.getByRole('button'));
    fireEvent.click(screen.getByRole('button', { name: '5 minutes' }));
    expect(new URLSearchParams(location.search).get('from')).toBe('2026-11-21T15:22:00Z');
  });
});
