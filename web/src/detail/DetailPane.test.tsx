// @vitest-environment jsdom
import { act, cleanup, configure, fireEvent, render, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import entryAnswer from '../../testdata/answers/entry.json';
import { forgetAnswers } from '../api/client';
import type { Entry, OneEntry } from '../api/types';
import { setZone } from '../url/prefs';
import { go, useView } from '../url/useView';
import { DetailPane } from '.';

// Only what waits for ever fails, also on a machine that is busy.
configure({ asyncUtilTimeout: 15_000 });
vi.setConfig({ testTimeout: 30_000 });

const golden = entryAnswer as unknown as OneEntry;
const uid = golden.object.uid ?? '';
let answers: Record<string, (url: URL) => unknown> = {};

beforeEach(() => {
  forgetAnswers();
  setZone('utc');
  answers = {
    entry: () => golden,
    info: () => ({ version: 'x', clusters: [{ name: 'demo', epochs: 1, objects: 1 }], diskBytes: 0 }),
  };
  vi.stubGlobal('fetch', async (path: string) => {
    const url = new URL(path, 'http://here');
    const answer = await answers[url.pathname.split('/').at(-1) ?? '']?.(url);
    if (answer instanceof Response) return answer;
    return answer === undefined ? new Response('{"title":"no"}', { status: 404 }) : new Response(JSON.stringify(answer));
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function Shown() {
  const view = useView();
  return view ? <DetailPane view={view} /> : null;
}

function show(path: string) {
  history.replaceState(null, '', path);
  return render(<Shown />);
}

const withEntry = (more: Partial<Entry>): OneEntry => ({ ...golden, entry: { ...golden.entry, ...more } });
const selected = `/timeline?sel=demo%2F${uid}%2F${golden.entry.id}`;

describe('a change', () => {
  it('is told in a sentence, with what changed, who, how sure and why', async () => {
    show(selected);
    expect((await screen.findByText('robots/ci (sa)', { selector: '.detail-sentence strong' })).parentElement?.textContent).toBe('robots/ci (sa) patched deploy shop/web');
    const changes = screen.getByRole('heading', { name: /Changes/ }).parentElement!;
    expect(within(changes).getByText('registry.example/web:v2').tagName).toBe('DEL');
    expect(within(changes).getByText('registry.example/web:v3-bad').tagName).toBe('INS');
    expect(screen.getByText('exact')).toBeTruthy();
    for (const sentence of golden.entry.revision!.maker.evidence) expect(screen.getByText(sentence)).toBeTruthy();
    expect(screen.getByText('2026-11-21 15:26:19.851', { selector: '.detail-when time' })).toBeTruthy();
  });

  it('steps to the states around it, with buttons and keys, and the cursor with it', async () => {
    show(selected);
    await screen.findByText('exact');
    act(() => void document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '[', bubbles: true })));
    const query = new URLSearchParams(location.search);
    expect(query.get('sel')).toBe(`demo/${uid}/${golden.before!.id}`);
    expect(query.get('at')).toBe(golden.before!.when.at);
  });

  it('leads to the object at its moment and to the difference with before', async () => {
    show(selected);
    const diff = new URL((await screen.findByRole('link', { name: 'Diff with before' })).getAttribute('href')!, 'http://here');
    expect(diff.pathname).toBe('/object/demo/deployments.apps/shop/web');
    expect(Object.fromEntries(diff.searchParams)).toMatchObject({ tab: 'diff', a: golden.before!.resourceVersion, b: golden.entry.revision!.resourceVersion, at: golden.entry.when.at });
    const object = new URL(screen.getByRole('link', { name: 'Object at this moment' }).getAttribute('href')!, 'http://here');
    expect(object.searchParams.get('at')).toBe(golden.entry.when.at);
  });

  it('folds what changes with every write', async () => {
    const revision = { ...golden.entry.revision!, changes: [{ path: 'status.conditions[type=Ready].lastUpdateTime', op: 'change' as const, from: 'then', to: 'now' }] };
    answers['entry'] = () => withEntry({ revision });
    show(selected);
    const more = await screen.findByRole('button', { name: /Show 1 change of times/ });
    expect(screen.queryByText('now')).toBeNull();
    fireEvent.click(more);
    expect(screen.getByText('now')).toBeTruthy();
  });

  it('folds long values', async () => {
    const long = Array.from({ length: 30 }, (_, i) => `line ${i}`).join('\n');
    answers['entry'] = () => withEntry({ revision: { ...golden.entry.revision!, changes: [{ path: 'data.config', op: 'add', to: long }] } });
    const { container } = show(selected);
    fireEvent.click(await screen.findByRole('button', { name: 'Show all 30 lines' }));
    expect(container.querySelector('.change-block pre')?.textContent).toBe(long);
  });

  it('names all candidates', async () => {
    const request = golden.entry.revision!.maker.request!;
    const by = (user: string) => ({ ...request, id: user, actor: { user } });
    const { revision: golden_, actor, ...rest } = golden.entry;
    void actor;
    const maker = { certainty: 'candidates' as const, candidates: [by('bob'), by('alice')], evidence: [] };
    answers['entry'] = () => ({ ...golden, entry: { ...rest, certainty: 'candidates', revision: { ...golden_!, maker } } });
    show(selected);
    expect(await screen.findByText('One of these; the records do not tell which.')).toBeTruthy();
    expect(screen.getByText('bob or alice', { selector: '.detail-sentence strong' })).toBeTruthy();
  });
});

it('a refused request says what was tried, and why it failed', async () => {
  const { revision, certainty, ...rest } = golden.entry;
  const request = { ...revision!.maker.request!, code: 422, reason: 'Invalid', message: 'no such image', causes: [{ field: 'spec.image', message: 'must be set' }] };
  void certainty;
  answers['entry'] = () => ({ ...golden, entry: { ...rest, kind: 'request', code: 422, request } });
  show(selected);
  expect((await screen.findByText('422 Invalid', { selector: '.chip-bad span, .detail-chips .chip-bad' })).textContent).toBe('422 Invalid');
  expect(screen.getByText('no such image')).toBeTruthy();
  expect(screen.getByText('must be set')).toBeTruthy();
  expect(document.querySelector('.detail-sentence')?.textContent).toContain('tried to patch');
});

it('a gap is its sentence', async () => {
  const { revision, actor, certainty, ...rest } = golden.entry;
  void [revision, actor, certainty];
  answers['entry'] = () => ({ ...golden, entry: { ...rest, kind: 'gap', gap: { reason: 'dropped', scope: { cluster: 'demo' }, sentence: '3 audit events were dropped.' } } });
  show(selected);
  expect(await screen.findAllByText('3 audit events were dropped.')).toHaveLength(2);
});

it('an object without a record is told by its life and its state at the cursor', async () => {
  answers['objects'] = () => ({ objects: [{ ...golden.object, createdAt: '2026-11-21T15:26:06Z', firstSeen: '2026-11-21T15:26:06Z', lastSeen: '2026-11-21T15:26:46Z', ended: true, endedAt: '2026-11-21T15:26:42Z', revisions: 119, labels: { app: 'web' } }], total: 1 });
  const micros = (text: string) => Date.parse(text) * 1000;
  answers['lanes'] = (url) => {
    expect(url.searchParams.getAll('uid')).toEqual([uid]);
    const bars = [
      { from: micros('2026-11-21T15:26:06Z'), to: micros('2026-11-21T15:26:20Z'), state: 'good', text: '5 of 5 ready' },
      { from: micros('2026-11-21T15:26:20Z'), to: micros('2026-11-21T15:26:42Z'), state: 'bad', text: '4 of 5 ready: ImagePullBackOff' },
      { from: micros('2026-11-21T15:26:42Z'), state: 'deleted' },
    ];
    return { from: 0, to: 1, bin: 1, lanes: [{ uid, bars, marks: [], records: 169, failed: 24 }] };
  };
  show(`/timeline?at=2026-11-21T15%3A26%3A25Z&sel=demo%2F${uid}`);
  expect(await screen.findByText('4 of 5 ready: ImagePullBackOff')).toBeTruthy();
  expect(screen.getByText('169 in the window, 24 failed')).toBeTruthy();
  expect(screen.getByText('36 s')).toBeTruthy();
  expect(screen.getByRole('link', { name: 'app=web' }).getAttribute('href')).toContain('selector=app%3Dweb');
});

describe('an object that is selected', () => {
  const entryOf = (name: string) => ({ cluster: 'demo', kind: 'Pod', resource: 'pods', name, uid: `uid-${name}`, firstSeen: '2026-11-21T15:26:06Z', lastSeen: '2026-11-21T15:26:46Z', ended: false, revisions: 2 });
  const begun = Date.parse('2026-11-21T15:26:06Z') * 1000;

  it('is asked for once', async () => {
    let times = 0;
    answers['objects'] = () => (times++, { objects: [entryOf('a')], total: 1 });
    show('/timeline?sel=demo%2Fuid-a');
    await screen.findByText('alive by the last record');
    expect(times).toBe(1);
  });

  it('has no state before the first one that is known', async () => {
    answers['objects'] = () => ({ objects: [entryOf('a')], total: 1 });
    answers['lanes'] = () => ({ from: 0, to: 1, bin: 1, lanes: [{ uid: 'uid-a', bars: [{ from: begun, state: 'good', text: 'Running' }], marks: [], records: 1, failed: 0 }] });
    show('/timeline?at=2026-11-21T15%3A26%3A00Z&sel=demo%2Fuid-a');
    expect(await screen.findByText('No state of it is known at this moment.')).toBeTruthy();
    expect(screen.queryByText('Running')).toBeNull();
  });

  it('never has the name or the state of the one before', async () => {
    let answer = (): void => undefined;
    answers['objects'] = (url) => {
      const name = (url.searchParams.get('uid') ?? '').slice(4);
      const body = new Response(JSON.stringify({ objects: [entryOf(name)], total: 1 }));
      return name === 'a' ? body : new Promise<Response>((resolve) => (answer = () => resolve(body)));
    };
    answers['lanes'] = (url) => (url.searchParams.get('uid') === 'uid-a' ? { from: 0, to: 1, bin: 1, lanes: [{ uid: 'uid-a', bars: [{ from: begun, state: 'bad', text: 'CrashLoopBackOff' }], marks: [], records: 1, failed: 0 }] } : new Promise(() => undefined));
    show('/timeline?sel=demo%2Fuid-a');
    await screen.findByText('CrashLoopBackOff');
    act(() => go({ sel: { cluster: 'demo', uid: 'uid-b', id: '' } }));
    expect(document.body.textContent).not.toMatch(/uid-a|CrashLoop/);
    act(() => answer());
    await screen.findByText('alive by the last record');
    expect(screen.queryByText('CrashLoopBackOff')).toBeNull();
    expect(document.querySelector('.detail-bar-object .ref-label-name')?.textContent).toBe('b');
  });
});

it('of an object that nothing tells of it claims nothing', async () => {
  answers['objects'] = () => ({ objects: [], total: 0 });
  show('/timeline?sel=demo%2Fnobody');
  expect((await screen.findByText(/^Nothing is recorded of it/)).textContent).toContain('nobody');
  expect(screen.getByText('Unknown object')).toBeTruthy();
  expect(screen.queryByText('…')).toBeNull();
});

it('an error stands in the pane, and can be asked again', async () => {
  let fails = true;
  answers['entry'] = () => (fails ? new Response('{"title":"Internal error"}', { status: 500 }) : golden);
  show(selected);
  const retry = await screen.findByRole('button', { name: 'Retry' });
  fails = false;
  fireEvent.click(retry);
  expect(await screen.findByText('exact')).toBeTruthy();
});

it('says what it is for while nothing is selected', () => {
  show('/timeline');
  expect(screen.getByText('Nothing is selected')).toBeTruthy();
});
