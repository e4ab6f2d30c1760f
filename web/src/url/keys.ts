/** The keys of the page: whoever is drawn registers what its keys do, and `?` lists them. */
import { useEffect, useRef, useSyncExternalStore } from 'react';

export interface KeyAction {
  /** What it does, for people: "next revision". */
  does: string;
  run: (event: KeyboardEvent) => void;
  /** Works while somebody types in a field as well; only for keys with Mod. */
  typing?: boolean;
  /** Not listed. */
  hidden?: boolean;
}

/**
 * Keys by name: a letter or sign as it is typed ("j", "?", "["), a named key ("ArrowLeft", "Escape", "Enter", "Space"), with modifiers before it:
 * "Mod+k" (Ctrl, or Cmd on a Mac), "Shift+ArrowLeft", "Alt+Enter". Shift is not said of signs. Two names of one action: "j|]". Two keys one after
 * the other: "g t".
 */
export type Keys = Record<string, KeyAction>;

interface Registration {
  title: string;
  keys: Keys;
}

/** The heading of keys that work on every page; a page may give them another meaning. */
export const everywhere = 'Everywhere';

let registrations: readonly Registration[] = [];
const subscribers = new Set<() => void>();

function register(one: Registration): () => void {
  if (registrations.length === 0) addEventListener('keydown', pressed);
  registrations = one.title === everywhere ? [one, ...registrations] : [...registrations, one];
  tell();
  return () => {
    registrations = registrations.filter((other) => other !== one);
    if (registrations.length === 0) removeEventListener('keydown', pressed);
    tell();
  };
}

function tell(): void {
  for (const changed of subscribers) changed();
}

/** The name of what was pressed, as Keys are named. */
export function nameOfKey(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>): string {
  const key = event.key === ' ' ? 'Space' : event.key;
  const sign = key.length === 1;
  const letter = sign && (event.ctrlKey || event.metaKey) ? key.toLowerCase() : key;
  return (
    (event.ctrlKey || event.metaKey ? 'Mod+' : '') + (event.altKey ? 'Alt+' : '') + (event.shiftKey && !sign ? 'Shift+' : '') + letter
  );
}

/** Whether keys go into a field that somebody types in. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.tagName === 'TEXTAREA' || target.tagName === 'SELECT') return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit', 'range'].includes(target.type);
}

const buttons = 'button, summary, [role=button]';
/** What these keys press where it has the focus, whatever a page means by them. */
const presses: Record<string, string> = { Enter: `a[href], ${buttons}`, Space: buttons };

function isPressing(name: string, target: EventTarget | null): boolean {
  const pressed = presses[name];
  return pressed !== undefined && target instanceof Element && target.closest(pressed) !== null;
}

/** The first key of two, waiting for the second. */
let begun = '';
let begunAt = 0;
const waitMillis = 1200;

/** Runs the newest registration of the key: a page's before those of every page. */
function pressed(event: KeyboardEvent): void {
  // An open dialog has keys of its own, and the page below it none.
  if (event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]')) return;
  const name = nameOfKey(event);
  if (['Shift', 'Alt', 'Control', 'Meta'].some((modifier) => name.endsWith(modifier))) return;
  if (isPressing(name, event.target)) return;
  const typing = isTyping(event.target);
  const second = begun && event.timeStamp - begunAt < waitMillis ? `${begun} ${name}` : '';
  begun = '';
  const action = (second && find(second, typing)) || find(name, typing);
  if (action) {
    event.preventDefault();
    action.run(event);
  } else if (!typing && registrations.some(({ keys }) => Object.keys(keys).some((names) => namesOf(names).some((n) => n.startsWith(`${name} `))))) {
    begun = name;
    begunAt = event.timeStamp;
  }
}

function find(name: string, typing: boolean): KeyAction | undefined {
  for (let i = registrations.length - 1; i >= 0; i--)
    for (const [names, action] of Object.entries(registrations[i]?.keys ?? {}))
      if (namesOf(names).includes(name) && (!typing || action.typing)) return action;
  return undefined;
}

/** The names in "j|]"; "|" itself is a key as well. */
export function namesOf(names: string): string[] {
  return names === '|' ? ['|'] : names.split('|').filter((name) => name !== '');
}

/** Registers keys as long as the component is drawn; title is the heading they are listed under. */
export function useKeys(keys: Keys, title = 'This page'): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  const listed = Object.entries(keys)
    .map(([name, { does, typing, hidden }]) => [name, does, typing ? 't' : '', hidden ? 'h' : ''].join('\u0001'))
    .join('\u0000');
  useEffect(() => {
    if (!listed) return;
    const stable: Keys = {};
    for (const line of listed.split('\u0000')) {
      const [name = '', does = '', typing, hidden] = line.split('\u0001');
      stable[name] = { does, typing: typing === 't', hidden: hidden === 'h', run: (event) => latest.current[name]?.run(event) };
    }
    return register({ title, keys: stable });
  }, [listed, title]);
}

/** A line of the list of keys: what they do, and the keys that do it where one is. */
export interface KeyLine {
  names: string[];
  does: string;
}

/** The list of keys by heading: each key once, with what pressing it runs. What every page has stands last. */
export function listedKeys(registered: readonly Registration[]): { title: string; lines: KeyLine[] }[] {
  const taken = new Set<string>();
  const sections = new Map<string, KeyLine[]>();
  for (const { title, keys } of registered) if (Object.values(keys).some(({ hidden }) => !hidden)) sections.set(title, []);
  for (const { title, keys } of registered.toReversed()) {
    const lines: KeyLine[] = [];
    for (const [name, { does, hidden }] of Object.entries(keys)) {
      const names = namesOf(name).filter((one) => !taken.has(one));
      for (const one of names) taken.add(one);
      if (!hidden && names.length > 0) lines.push({ names, does });
    }
    sections.get(title)?.unshift(...lines);
  }
  return [...sections]
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => ({ title, lines }))
    .sort((a, b) => Number(a.title === everywhere) - Number(b.title === everywhere));
}

/** All that is registered now, for the list of keys. */
export function useRegisteredKeys(): readonly Registration[] {
  return useSyncExternalStore(
    (changed) => {
      subscribers.add(changed);
      return () => subscribers.delete(changed);
    },
    () => registrations,
  );
}

const marks: Record<string, string> = {
  ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc', Space: 'Space', Enter: 'Enter', Shift: 'Shift', Alt: 'Alt',
  PageUp: 'PgUp', PageDown: 'PgDn',
};

/** The pieces of a key's name as keyboards label them: ["Ctrl", "K"], and of two keys ["G", "T"]. */
export function keyLabels(name: string, mac = isMac()): string[] {
  if (name === '+') return ['+'];
  return name
    .split(/\+(?=.)| /)
    .map((part) => (part === 'Mod' ? (mac ? '⌘' : 'Ctrl') : (marks[part] ?? (part.length === 1 && name.includes('Mod+') ? part.toUpperCase() : part))));
}

function isMac(): boolean {
  return typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform);
}
