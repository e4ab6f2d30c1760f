/** The blame gutter: who set each line, when, and how that is known. */
import { RangeSetBuilder, StateEffect, StateField, type EditorState, type Extension } from '@codemirror/state';
import { Decoration, EditorView, gutter, GutterMarker, keymap, ViewPlugin, type BlockInfo, type DecorationSet, type ViewUpdate } from '@codemirror/view';
import { formatSpan } from '../time/format';
import type { Moment } from '../time/moment';
import { noisy } from './noise';
import { bandOfLine, briefly, initials, signOf, type Author, type Band, type BlamedLine } from './lines';

/** What the gutter shows. */
export interface Shown {
  lines: readonly BlamedLine[];
  bands: readonly Band[];
  /** How old each line is, 0 to 4; then colours tell ages, not authors. */
  ages?: readonly (number | undefined)[];
  /** The colour of each author. */
  colours: ReadonlyMap<string, number>;
  /** The moment that times are told relative to. */
  at?: Moment;
  /** Lines that this revision set stand out. */
  resourceVersion: string;
  /** The blame is still being asked for. */
  loading: boolean;
}

/** What happens in the gutter. */
export interface Doings {
  /** The pointer is over a line of the gutter, or has left it. Lines count from 0. */
  over: (line: number | undefined, rect: DOMRect | undefined) => void;
  /** A line was chosen, by a click or with Enter. */
  choose: (line: number) => void;
  /** The keyboard went to a line. */
  active: (line: number | undefined, rect: DOMRect | undefined) => void;
}

export const showBlame = StateEffect.define<Shown>();
const setActive = StateEffect.define<number | undefined>();

const nothing: Shown = { lines: [], bands: [], colours: new Map(), resourceVersion: '', loading: true };

interface Held {
  shown: Shown;
  bandOf: readonly (Band | undefined)[];
  active: number | undefined;
  decorations: DecorationSet;
}

const held = StateField.define<Held>({
  create: () => ({ shown: nothing, bandOf: [], active: undefined, decorations: Decoration.none }),
  update(before, tr) {
    let next = before;
    for (const effect of tr.effects) {
      if (effect.is(showBlame)) next = { ...next, shown: effect.value, bandOf: bandOfLine(effect.value.bands, effect.value.lines.length) };
      if (effect.is(setActive)) next = { ...next, active: effect.value };
    }
    if (next.active !== undefined && next.active >= tr.state.doc.lines) next = { ...next, active: tr.state.doc.lines - 1 };
    return next === before && !tr.docChanged ? before : { ...next, decorations: decorate(tr.state, next) };
  },
  provide: (field) => EditorView.decorations.from(field, (value) => value.decorations),
});

/** Whether the state shown is the one that set a line; what every state sets counts for nothing. */
function isChanged({ place, author }: BlamedLine, resourceVersion: string): boolean {
  if (!author?.field.resourceVersion || author.field.resourceVersion !== resourceVersion || author.knowledge === 'before') return false;
  return !(place[0] === 'metadata' && noisy.includes(String(place[1])));
}

/** The first line that the state shown has set; -1: none. */
export function firstChanged({ lines, resourceVersion }: Shown): number {
  return lines.findIndex((line) => isChanged(line, resourceVersion));
}

function decorate(state: EditorState, { shown, bandOf, active }: Omit<Held, 'decorations'>): DecorationSet {
  const set = new RangeSetBuilder<Decoration>();
  for (let n = 1; n <= state.doc.lines; n++) {
    const line = shown.lines[n - 1];
    const here = line !== undefined && isChanged(line, shown.resourceVersion);
    const names = [here ? 'blame-line-here' : '', active === n - 1 ? 'blame-line-active' : '', bandOf[n - 1]?.first === n - 1 && n > 1 ? 'blame-line-first' : ''];
    const text = names.filter(Boolean).join(' ');
    if (text) {
      const from = state.doc.line(n).from;
      set.add(from, from, Decoration.line({ class: text }));
    }
  }
  return set.finish();
}

class BlameMarker extends GutterMarker {
  constructor(
    readonly author: Author | undefined,
    readonly first: boolean,
    readonly leaf: boolean,
    readonly colour: string,
    readonly when: string,
    readonly names: string,
    readonly loading: boolean,
  ) {
    super();
  }

  override eq(other: BlameMarker): boolean {
    return (
      this.author === other.author && this.first === other.first && this.leaf === other.leaf && this.colour === other.colour && this.when === other.when &&
      this.names === other.names && this.loading === other.loading
    );
  }

  override toDOM(): HTMLElement {
    const { author } = this;
    const root = element('div', `blame-mark blame-mark-${(author?.knowledge ?? 'unknown').replace(/ .*/, '')}${this.names}`);
    root.style.setProperty('--author', this.colour);
    if (this.loading) {
      if (this.first) root.append(element('span', 'blame-mark-loading'));
      return root;
    }
    if (this.first && (author || this.leaf)) {
      const { sign } = signOf(author?.knowledge);
      const who = author?.who ? (author.manager ? `${author.who} (manager)` : briefly(author.who)) : author?.knowledge === 'before' ? 'older' : 'not known';
      const badge = element('span', 'blame-mark-initials', author?.who ? initials(briefly(author.who)) : '');
      badge.ariaHidden = 'true';
      root.append(badge, element('span', 'blame-mark-who', who), element('span', 'blame-mark-when', this.when), element('span', 'blame-mark-sign', sign));
    }
    return root;
  }
}

function element(tag: string, className: string, text = ''): HTMLElement {
  const one = document.createElement(tag);
  one.className = className;
  one.textContent = text;
  return one;
}

/** How long before the moment, in short: "19.9 s". */
export function agoOf(author: Author | undefined, at: Moment | undefined): string {
  if (author?.at === undefined || at === undefined) return '';
  if (author.knowledge === 'before') return at - author.at < 1000 ? '' : `> ${formatSpan(at - author.at)}`;
  return at - author.at < 1000 && at >= author.at ? 'now' : formatSpan(Math.max(0, at - author.at));
}

function markerOf(value: Held, line: number): BlameMarker | null {
  const { shown, bandOf } = value;
  const blamed = shown.lines[line];
  if (!blamed) return shown.loading ? new BlameMarker(undefined, line % 3 === 0, true, 'var(--line)', '', '', true) : null;
  const band = bandOf[line];
  const author = band?.author ?? blamed.author;
  const age = shown.ages?.[line] ?? (shown.ages && author ? shown.ages[band?.last ?? line] : undefined);
  const colour = shown.ages ? (age === undefined ? 'var(--state-unknown)' : `var(--manifest-age-${age})`) : colourOf(author, shown.colours);
  const names = (!author && !band && !blamed.leaf ? ' blame-mark-none' : '') + (band?.first === line ? ' blame-mark-first' : '') + (band?.last === line ? ' blame-mark-last' : '') + (value.active === line ? ' blame-mark-active' : '') + (shown.ages ? ' blame-mark-heat' : '');
  return new BlameMarker(author, band?.first === line, blamed.leaf || band !== undefined, colour, agoOf(author, shown.at), names, shown.loading);
}

function colourOf(author: Author | undefined, colours: ReadonlyMap<string, number>): string {
  const n = author?.who ? colours.get(author.who) : undefined;
  return n === undefined ? 'var(--state-unknown)' : `var(--hue-${n + 1})`;
}

/** The gutter, its keys (up and down go from line to line, Enter chooses), and what it tells. */
export function blameGutter(doings: Doings): Extension {
  return [
    held,
    gutter({
      class: 'blame-gutter',
      lineMarker: (view, block) => markerOf(view.state.field(held), lineOf(view, block)),
      lineMarkerChange: (update) => update.startState.field(held) !== update.state.field(held),
      initialSpacer: () => new BlameMarker(undefined, false, false, '', '', ' blame-mark-spacer', false),
      domEventHandlers: {
        mousemove: (view, block, event) => {
          const mark = (event.target as Element).closest('.cm-gutterElement');
          doings.over(lineOf(view, block), mark?.getBoundingClientRect());
          return false;
        },
        mouseleave: () => {
          doings.over(undefined, undefined);
          return false;
        },
        click: (view, block) => {
          doings.choose(lineOf(view, block));
          return true;
        },
      },
    }),
    keymap.of([
      { key: 'ArrowDown', run: (view) => step(view, doings, 1) },
      { key: 'ArrowUp', run: (view) => step(view, doings, -1) },
      { key: 'Enter', run: (view) => chosen(view, doings) },
      { key: 'Escape', run: (view) => activate(view, doings, undefined) },
    ]),
    ViewPlugin.define(() => ({ update: (update) => left(update, doings) })),
  ];
}

function lineOf(view: EditorView, block: BlockInfo): number {
  return view.state.doc.lineAt(block.from).number - 1;
}

function left(update: ViewUpdate, doings: Doings): void {
  if (update.focusChanged && !update.view.hasFocus) doings.active(undefined, undefined);
}

/** Goes to the next line that is not folded away. */
function step(view: EditorView, doings: Doings, by: number): boolean {
  const { active } = view.state.field(held);
  const top = view.lineBlockAtHeight(view.scrollDOM.scrollTop + 8);
  if (active === undefined) return activate(view, doings, lineOf(view, top));
  const block = view.lineBlockAt(view.state.doc.line(active + 1).from);
  const next = by > 0 ? Math.min(block.to + 1, view.state.doc.length) : Math.max(block.from - 1, 0);
  return activate(view, doings, lineOf(view, view.lineBlockAt(next)));
}

/** Makes a line the one that the keyboard is at. */
export function activate(view: EditorView, doings: Doings, line: number | undefined): boolean {
  const was = view.state.field(held).active;
  if (line === undefined && was === undefined) return false;
  view.dispatch({ effects: setActive.of(line) });
  if (line === undefined) {
    doings.active(undefined, undefined);
    return true;
  }
  const { from } = view.state.doc.line(line + 1);
  view.dispatch({ effects: EditorView.scrollIntoView(from, { y: 'nearest', yMargin: 40 }) });
  view.requestMeasure({
    read: () => view.coordsAtPos(from),
    write: (at) => doings.active(line, at ? new DOMRect(view.dom.getBoundingClientRect().left, at.top, 230, at.bottom - at.top) : undefined),
  });
  return true;
}

function chosen(view: EditorView, doings: Doings): boolean {
  const { active } = view.state.field(held);
  if (active === undefined) return false;
  doings.choose(active);
  return true;
}
