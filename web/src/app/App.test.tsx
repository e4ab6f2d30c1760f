// @vitest-environment jsdom
import { act, cleanup, configure, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ObjectEntry } from '../api/types';
import { forgetAnswers, setToken } from '../api/client';
import { go } from '../url/useView';
import { App } from './App';

// Only what waits for ever fails, also on a machine that is busy.
configure({ asyncUtilTimeout: 15_000 });
vi.setConfig({ testTimeout: 30_000 });

vi.mock('./pages', async () => ({
  pageOf: new Proxy({}, { get: (_, page) => ({ view }: { view: { words: Record<string, string> } }) => {
    if (view.words['break']) throw new Error('it broke');
    return <main>page {String(page)}</main>;
  } }),
  PageSkeleton: () => <main>loading</main>,
}));

const object = (kind: string, resource: string, group: string, name: string, more: Partial<ObjectEntry> = {}): ObjectEntry => ({
  cluster: 'demo', kind, resource, group, namespace: 'shop', name, uid: `${kind}-${name}`, ended: false, revisions: 3, ...more,
});
const web = object('Deployment', 'deployments', 'apps', 'web');
const pod = object('Pod', 'pods', '', 'web-1');

const { revisions, ended, ...certificate } = object('Certificate', 'certificates', 'cert-manager.io', 'web-tls');
void [revisions, ended];
const rows = [{ ...web, parent: -1 }, { ...pod, parent: 0 }, { ...certificate, parent: -1, over: true, ended: Date.parse('2026-11-21T15:26:42Z') * 1000 }];

let asked: URL[] = [];
let status = 200;
let clusters = [{ name: 'demo', epochs: 1, objects: 2, first: '2026-11-21T15:26:00Z', last: '2026-11-21T15:27:00Z' }];

function answerOf(url: URL): unknown {
  if (url.pathname === '/ui/config.json') return { version: 'x', jaeger: '', live: false };
  if (url.pathname === '/redirect') return {};
  if (url.pathname === '/api/v1/info') return { version: 'x', clusters, diskBytes: 0 };
  const named = url.searchParams.get('name') === '*web*';
  if (url.pathname === '/api/v1/objects') return { objects: !named ? [] : url.searchParams.get('kind') === 'po,rs' ? [pod] : [web], total: 1 };
  if (url.pathname === '/api/v1/rows') return { from: 0, to: 1, rows: named ? rows : [], total: 3, coverage: { complete: true, gaps: [] } };
  return undefined;
}

beforeEach(() => {
  asked = [];
  status = 200;
  clusters = clusters.slice(0, 1);
  localStorage.clear();
  sessionStorage.clear();
  forgetAnswers();
  history.replaceState(null, '', '/');
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
  Element.prototype.scrollIntoView = () => undefined;
  vi.stubGlobal('fetch', async (path: string, init?: RequestInit) => {
    const url = new URL(path, 'http://here');
    asked.push(url);
    if (url.pathname === '/api/v1/follow') return new Response('{}', { status: 404 });
    const token = new Headers(init?.headers).get('Authorization');
    if (status !== 200 && token !== 'Bearer good') return new Response(JSON.stringify({ title: 'no', status }), { status });
    return new Response(JSON.stringify(answerOf(url)));
  });
});
afterEach(() => {
  cleanup();
  setToken('');
  vi.unstubAllGlobals();
});

const press = (key: string, more: KeyboardEventInit = {}) => act(() => void (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })));
const field = () => screen.getByRole('combobox') as HTMLInputElement;

describe('the frame', () => {
  it('names the page in the title and in the navigation', async () => {
    history.replaceState(null, '', '/timeline?namespace=shop');
    render(<App />);
    expect(await screen.findByText('page timeline')).toBeTruthy();
    expect(document.title).toBe('shop · Timeline · kubewake');
    expect(screen.getByRole('link', { current: 'page' }).textContent).toBe('Timeline');
  });

  it('keeps window, cursor and set on the way to another page, and moves the focus there', async () => {
    history.replaceState(null, '', '/timeline?namespace=shop&from=2026-11-21T15%3A26%3A00Z&at=2026-11-21T15%3A26%3A10Z&sort=failing');
    render(<App />);
    fireEvent.click(screen.getByRole('link', { name: 'Graph' }));
    expect(await screen.findByText('page graph')).toBeTruthy();
    expect(location.search).toBe('?namespace=shop&from=2026-11-21T15%3A26%3A00Z&at=2026-11-21T15%3A26%3A10Z');
    expect(document.activeElement?.id).toBe('page');
  });

  it('leaves the focus alone while only the view changes', () => {
    history.replaceState(null, '', '/timeline');
    render(<App />);
    const link = screen.getByRole('link', { name: 'Graph' });
    link.focus();
    act(() => go({ at: 1_000_000 }));
    expect(document.activeElement).toBe(link);
  });

  it('says where there is no page', () => {
    history.replaceState(null, '', '/nothing');
    render(<App />);
    expect(screen.getByText('There is no such page')).toBeTruthy();
  });

  it('asks for a token where an address leads on to Jaeger, then where to', async () => {
    status = 401;
    history.replaceState(null, '', '/redirect?resource=pods&name=web');
    render(<App />);
    fireEvent.change(await screen.findByLabelText('Token'), { target: { value: 'good' } });
    fireEvent.click(screen.getByRole('button', { name: 'Use it' }));
    expect(await screen.findByText('The server did not say where the trace is.')).toBeTruthy();
    expect(document.title).toBe('To Jaeger · kubewake');
    const questions = asked.filter((url) => url.pathname === '/redirect').map((url) => url.search);
    expect(questions.length).toBeGreaterThan(1);
    expect(new Set(questions)).toEqual(new Set(['?resource=pods&name=web']));
  });

  it('keeps an error to its page, and forgets it on another', async () => {
    const quiet = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    history.replaceState(null, '', '/timeline?break=yes');
    render(<App />);
    expect(await screen.findByText('it broke')).toBeTruthy();
    fireEvent.click(screen.getByRole('link', { name: 'Graph' }));
    expect(await screen.findByText('page graph')).toBeTruthy();
    quiet.mockRestore();
  });

  it('asks what is recorded once, wherever that is shown', async () => {
    clusters = [clusters[0]!, { ...clusters[0]!, name: 'prod' }];
    render(<App />);
    await screen.findByRole('button', { name: /Cluster$/ });
    expect(asked.filter((url) => url.pathname === '/api/v1/info')).toHaveLength(1);
  });

  it('offers clusters where there are several', async () => {
    clusters = [clusters[0]!, { ...clusters[0]!, name: 'prod' }];
    render(<App />);
    fireEvent.click(await screen.findByRole('button', { name: /Cluster$/ }));
    fireEvent.click(screen.getByRole('menuitemradio', { name: 'prod' }));
    expect(location.search).toBe('?cluster=prod');
  });
});

describe('keys of the frame', () => {
  it('open the search, list the keys, and go places', async () => {
    render(<App />);
    press('?');
    expect(screen.getByRole('dialog', { name: 'Keys' }).textContent).toContain('Go to the timeline');
    fireEvent.click(screen.getByRole('button', { name: 'Close' }));
    press('g');
    press('t');
    expect(location.pathname).toBe('/timeline');
    press('/');
    expect(document.activeElement).toBe(field());
  });

  it('give the focus back where it was', () => {
    render(<App />);
    const link = screen.getByRole('link', { name: 'Graph' });
    link.focus();
    press('/');
    fireEvent.keyDown(field(), { key: 'Escape' });
    expect(document.activeElement).toBe(link);
  });
});

describe('the search box', () => {
  const search = async (text: string) => {
    render(<App />);
    press('k', { ctrlKey: true });
    fireEvent.change(field(), { target: { value: text } });
  };

  it('finds a workload before its pods, and Enter opens it', async () => {
    await search('web');
    const option = await screen.findByRole('option', { name: /deploy.*shop\/web/ });
    expect(screen.getAllByRole('option')[0]).toBe(option);
    expect(field().getAttribute('aria-activedescendant')).toBe(option.id);
    fireEvent.keyDown(field(), { key: 'Enter' });
    expect(location.pathname).toBe('/object/demo/deployments.apps/shop/web');
    expect(screen.queryByRole('combobox')).toBeNull();
    // It is remembered, and offered before anything is typed.
    press('/');
    expect(screen.getAllByRole('option')[0]?.textContent).toContain('web');
  });

  it('finds what is of no common kind as well, and nothing twice', async () => {
    await search('web');
    expect((await screen.findByRole('option', { name: /web-tls/ })).textContent).toMatch(/certificate.*ended/);
    expect(screen.getAllByRole('option', { name: /^deploy/ })).toHaveLength(1);
  });

  it('goes to the lanes with Alt and Enter, and down with the arrows', async () => {
    await search('web');
    await screen.findByRole('option', { name: /deploy/ });
    fireEvent.keyDown(field(), { key: 'ArrowDown' });
    expect(screen.getAllByRole('option')[1]?.getAttribute('aria-selected')).toBe('true');
    fireEvent.keyDown(field(), { key: 'Enter', altKey: true });
    expect(location.pathname + location.search).toBe('/timeline?cluster=demo&object=uid%3APod-web-1');
  });

  it('asks once for what is typed in one go', async () => {
    render(<App />);
    press('/');
    for (const text of ['w', 'we', 'web']) fireEvent.change(field(), { target: { value: text } });
    await screen.findByRole('option', { name: /deploy/ });
    const names = asked.filter((url) => url.pathname.endsWith('/objects')).map((url) => url.searchParams.get('name'));
    expect(new Set(names)).toEqual(new Set(['*web*']));
  });

  it('takes what reads like a filter to the search page', async () => {
    await search('request.code >= 400');
    expect(screen.getAllByRole('option')[0]?.textContent).toContain('Search records: request.code >= 400');
    fireEvent.keyDown(field(), { key: 'Enter' });
    expect(location.pathname + location.search).toBe('/search?filter=request.code+%3E%3D+400');
  });

  it('offers the records where no object has the name', async () => {
    await search('nothing-like-it');
    await waitFor(() => expect(screen.getAllByRole('option').at(-1)?.textContent).toContain('Search records whose name'));
  });

  it('copies a link to what is seen, which goes on meaning the same', async () => {
    const writeText = vi.fn().mockResolvedValue(undefined);
    Object.defineProperty(navigator, 'clipboard', { value: { writeText }, configurable: true });
    history.replaceState(null, '', '/timeline?follow=60s&at=2026-11-21T15%3A26%3A10Z');
    await search('copy a link');
    fireEvent.click(await screen.findByRole('option', { name: /Copy a link/ }));
    await waitFor(() => expect(writeText).toHaveBeenCalled());
    expect(new URL(String(writeText.mock.calls[0]?.[0])).search).toBe('?from=2026-11-21T15%3A26%3A00Z&to=2026-11-21T15%3A27%3A00.000001Z&at=2026-11-21T15%3A26%3A10Z');
  });

  it('changes settings', async () => {
    await search('utc');
    fireEvent.click(await screen.findByRole('option', { name: /Show times in UTC/ }));
    expect(localStorage.getItem('kubewake.zone')).toBe('utc');
  });
});

describe('a server that does not answer', () => {
  it('is asked with the token that somebody gives', async () => {
    status = 401;
    render(<App />);
    const dialog = await screen.findByRole('dialog', { name: 'This server wants a token' });
    expect(document.activeElement).toBe(dialog.querySelector('input[type=password]'));
    fireEvent.change(screen.getByLabelText('Token'), { target: { value: ' good ' } });
    fireEvent.click(screen.getByRole('button', { name: 'Use it' }));
    await waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
    expect(sessionStorage.getItem('kubewake.token')).toBe('good');
  });

  it('is told of a wrong token, and does not ask for ever', async () => {
    status = 401;
    render(<App />);
    await screen.findByRole('dialog');
    expect(screen.queryByText(/refused the token/)).toBeNull();
    fireEvent.change(screen.getByLabelText('Token'), { target: { value: 'bad' } });
    fireEvent.click(screen.getByRole('button', { name: 'Use it' }));
    expect(await screen.findByText(/refused the token/)).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Not now' }));
    const before = asked.length;
    fireEvent.click(screen.getByRole('button', { name: 'Retry' }));
    await waitFor(() => expect(asked.length).toBeGreaterThan(before));
    await screen.findByRole('button', { name: 'Enter a token' });
    expect(screen.queryByRole('dialog')).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Enter a token' }));
    expect(screen.getByRole('dialog')).toBeTruthy();
  });

  it('says why: the token may not, the server is gone', async () => {
    status = 403;
    render(<App />);
    expect((await screen.findByRole('alert')).textContent).toContain('This token may not read here');
    status = 500;
    vi.stubGlobal('fetch', async () => Promise.reject(new TypeError('network')));
    fireEvent.click(screen.getByRole('button', { name: 'Retry' }));
    await waitFor(() => expect(screen.getByRole('alert').textContent).toContain('can not be reached'));
  });
});
