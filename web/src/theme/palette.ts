import { hueCount } from './hues';

/** The colours that a canvas draws with: the values of tokens.css as they are now. */
export interface Palette {
  bg: string;
  raised: string;
  sunken: string;
  hover: string;
  selected: string;
  line: string;
  lineStrong: string;
  text: string;
  textDim: string;
  textFaint: string;
  accent: string;
  focus: string;
  cursor: string;
  state: Record<StateName, string>;
  change: string;
  read: string;
  failed: string;
  delete: string;
  span: string;
  normal: string;
  warning: string;
  /** Of kinds of objects: see hues.ts. */
  hues: readonly string[];
  font: string;
  mono: string;
}

/** The states of package timeline. */
export const stateNames = ['good', 'progressing', 'bad', 'done', 'there', 'deleting', 'deleted', 'unknown'] as const;
export type StateName = (typeof stateNames)[number];

/** The state that a word of the server means; what this page does not know is unknown. */
export function stateName(word: string): StateName {
  return stateNames.find((s) => s === word) ?? 'unknown';
}

/** Reads the palette in force; call it again when the theme changes (see onThemeChange). */
export function readPalette(root: Element = document.documentElement): Palette {
  const style = getComputedStyle(root);
  const value = (name: string) => style.getPropertyValue(name).trim();
  return {
    bg: value('--bg'),
    raised: value('--bg-raised'),
    sunken: value('--bg-sunken'),
    hover: value('--bg-hover'),
    selected: value('--bg-selected'),
    line: value('--line'),
    lineStrong: value('--line-strong'),
    text: value('--text'),
    textDim: value('--text-dim'),
    textFaint: value('--text-faint'),
    accent: value('--accent'),
    focus: value('--focus'),
    cursor: value('--cursor'),
    state: {
      good: value('--state-good'),
      progressing: value('--state-progressing'),
      bad: value('--state-bad'),
      done: value('--state-done'),
      there: value('--state-there'),
      deleting: value('--state-deleting'),
      deleted: value('--state-deleted'),
      unknown: value('--state-unknown'),
    },
    change: value('--mark-change'),
    read: value('--mark-read'),
    failed: value('--mark-failed'),
    delete: value('--mark-delete'),
    span: value('--mark-span'),
    normal: value('--event-normal'),
    warning: value('--event-warning'),
    hues: Array.from({ length: hueCount }, (_, i) => value(`--hue-${i + 1}`)),
    font: value('--font'),
    mono: value('--mono'),
  };
}

/** Calls changed whenever the page's theme changes; gives the function that ends it. */
export function onThemeChange(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  return () => observer.disconnect();
}
