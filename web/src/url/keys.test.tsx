// @vitest-environment jsdom
import { cleanup, render, renderHook } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { everywhere, isTyping, keyLabels, listedKeys, nameOfKey, namesOf, useKeys, useRegisteredKeys, type Keys } from './keys';

afterEach(() => {
  cleanup();
  document.body.replaceChildren();
});

function press(key: string, more: KeyboardEventInit = {}, target: EventTarget = document.body): KeyboardEvent {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more });
  target.dispatchEvent(event);
  return event;
}

function Keyed({ keys, title }: { keys: Keys; title?: string }) {
  useKeys(keys, title);
  return null;
}

const does = 'something';

describe('names of keys', () => {
  it.each([
    [{ key: 'j' }, 'j'],
    [{ key: '?', shiftKey: true }, '?'],
    [{ key: ' ' }, 'Space'],
    [{ key: 'K', ctrlKey: true }, 'Mod+k'],
    [{ key: 'k', metaKey: true }, 'Mod+k'],
    [{ key: 'ArrowLeft', shiftKey: true }, 'Shift+ArrowLeft'],
    [{ key: 'Enter', altKey: true }, 'Alt+Enter'],
  ])('%j is %s', (pressed, name) => {
    expect(nameOfKey({ ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...pressed })).toBe(name);
  });

  it('are labelled as keyboards do', () => {
    expect(keyLabels('Mod+k', false)).toEqual(['Ctrl', 'K']);
    expect(keyLabels('Mod+k', true)).toEqual(['⌘', 'K']);
    expect(keyLabels('Shift+ArrowLeft', false)).toEqual(['Shift', '←']);
    expect(keyLabels('+', false)).toEqual(['+']);
    expect(keyLabels('g t', false)).toEqual(['g', 't']);
  });

  it('may be several', () => {
    expect(namesOf('j|]')).toEqual(['j', ']']);
    expect(namesOf('|')).toEqual(['|']);
  });
});

describe('keys', () => {
  it('run as long as what registered them is drawn', () => {
    const run = vi.fn();
    const { unmount } = render(<Keyed keys={{ 'j|]': { does, run } }} />);
    expect(press('j').defaultPrevented).toBe(true);
    press(']');
    expect(press('x').defaultPrevented).toBe(false);
    unmount();
    expect(press('j').defaultPrevented).toBe(false);
    expect(run).toHaveBeenCalledTimes(2);
  });

  it('leave Enter and Space to what they press where the focus is', () => {
    const run = vi.fn();
    render(<Keyed keys={{ 'Enter|Space': { does, run }, j: { does, run } }} />);
    document.body.innerHTML = '<a href="/x"><i>link</i></a><a>no link</a><button>b</button><details><summary>s</summary></details><div role="button">d</div><div role="listbox">l</div>';
    const pressed = (selector: string, key: string) => press(key, {}, document.querySelector(selector)!).defaultPrevented;
    for (const selector of ['button', 'summary', '[role=button]']) for (const key of ['Enter', ' ']) expect(pressed(selector, key)).toBe(false);
    expect(pressed('a i', 'Enter')).toBe(false);
    expect(run).not.toHaveBeenCalled();
    expect(pressed('a i', ' ')).toBe(true);
    expect(['a:not([href])', '[role=listbox]'].map((selector) => pressed(selector, 'Enter'))).toEqual([true, true]);
    expect(pressed('button', 'j')).toBe(true);
  });

  it('run what was drawn last', () => {
    const [before, after] = [vi.fn(), vi.fn()];
    const { rerender } = render(<Keyed keys={{ j: { does, run: before } }} />);
    rerender(<Keyed keys={{ j: { does, run: after } }} />);
    press('j');
    expect(before).not.toHaveBeenCalled();
    expect(after).toHaveBeenCalledOnce();
  });

  it('are the page’s before those of every page, whichever was drawn first', () => {
    const [frame, page] = [vi.fn(), vi.fn()];
    render(
      <>
        <Keyed keys={{ g: { does, run: page } }} title="Page" />
        <Keyed keys={{ g: { does, run: frame } }} title={everywhere} />
      </>,
    );
    press('g');
    expect(page).toHaveBeenCalledOnce();
    expect(frame).not.toHaveBeenCalled();
  });

  it('leave alone who types, unless they say otherwise', () => {
    const [plain, search] = [vi.fn(), vi.fn()];
    render(<Keyed keys={{ j: { does, run: plain }, 'Mod+k': { does, run: search, typing: true } }} />);
    const field = document.createElement('input');
    document.body.append(field);
    expect(press('j', {}, field).defaultPrevented).toBe(false);
    press('k', { ctrlKey: true }, field);
    expect(plain).not.toHaveBeenCalled();
    expect(search).toHaveBeenCalledOnce();
  });

  it('of the page are silent under a dialog', () => {
    const run = vi.fn();
    render(<Keyed keys={{ j: { does, run } }} />);
    const dialog = document.createElement('dialog');
    dialog.setAttribute('open', '');
    document.body.append(dialog);
    press('j');
    expect(run).not.toHaveBeenCalled();
  });

  it('may be two, one soon after the other', () => {
    const run = vi.fn();
    render(<Keyed keys={{ 'g t': { does, run } }} />);
    press('t');
    press('g');
    press('x');
    press('t');
    expect(run).not.toHaveBeenCalled();
    press('g');
    press('Shift', { shiftKey: true });
    press('t');
    expect(run).toHaveBeenCalledOnce();
  });

  it('are listed with what they do', () => {
    render(<Keyed keys={{ j: { does: 'next', run: () => undefined } }} title="Page" />);
    const listed = renderHook(() => useRegisteredKeys()).result.current;
    expect(listed.map(({ title, keys }) => [title, keys['j']?.does])).toEqual([['Page', 'next']]);
  });

  it('are listed once, with what they run: that of the newest, the page’s before every page’s', () => {
    const says = (keys: Record<string, string>): Keys => Object.fromEntries(Object.entries(keys).map(([name, does]) => [name, { does, run: () => undefined }]));
    expect(
      listedKeys([
        { title: everywhere, keys: says({ '?': 'keys', e: 'everywhere' }) },
        { title: 'Selected', keys: says({ '[|k': 'state before', ']|j': 'next state', Escape: 'close' }) },
        { title: 'Page', keys: { ...says({ j: 'next record', k: 'record before', Escape: 'close it', e: 'edit' }), x: { does: 'hidden', run: () => undefined, hidden: true } } },
        { title: 'Nothing', keys: {} },
      ]),
    ).toEqual([
      { title: 'Selected', lines: [{ names: ['['], does: 'state before' }, { names: [']'], does: 'next state' }] },
      { title: 'Page', lines: [{ names: ['j'], does: 'next record' }, { names: ['k'], does: 'record before' }, { names: ['Escape'], does: 'close it' }, { names: ['e'], does: 'edit' }] },
      { title: everywhere, lines: [{ names: ['?'], does: 'keys' }] },
    ]);
  });

  it('of two registrations that say the same stand once', () => {
    const keys: Keys = { 'j|n': { does: 'next', run: () => undefined } };
    expect(listedKeys([{ title: 'Page', keys }, { title: 'Page', keys }])).toEqual([{ title: 'Page', lines: [{ names: ['j', 'n'], does: 'next' }] }]);
  });
});

it('a checkbox is no field that one types in', () => {
  const box = Object.assign(document.createElement('input'), { type: 'checkbox' });
  expect(isTyping(box)).toBe(false);
  expect(isTyping(document.createElement('textarea'))).toBe(true);
  expect(isTyping(null)).toBe(false);
});
