/** The labels of rows: real elements, so that they are read aloud, copied, and opened in another tab; only those in view exist. */
import type { Row } from '../api/drawn';
import type { StateName } from '../theme/palette';
import { kindShort } from '../text/kinds';
import { keepNumber, keptNumber } from '../url/kept';
import { heightOf, lineAt, type Layout, type Line } from './rows';

/** What labels tell and ask of whoever owns them. */
export interface LabelHost {
  row: (line: Line) => Row | undefined;
  href: (row: Row) => string | undefined;
  pinned: (line: Line) => boolean;
  toggle: (what: 'fold' | 'open' | 'pin', line: Line) => void;
  /** Opens the menu of a row at an element. */
  menu: (line: Line, at: HTMLElement) => void;
  focus: (line: Line, pinned: boolean) => void;
  follow: (row: Row, event: MouseEvent) => void;
}

/** The elements of one label. They are used again for other rows: making them is what costs. */
class Label {
  readonly element = make('div', 'timeline-row');
  private readonly cell = make('div', 'timeline-label');
  private readonly chevron = make('button', 'timeline-chevron');
  private readonly glyph = make('span', 'timeline-glyph');
  private readonly prefix = make('span', 'timeline-kind');
  private readonly link = make('a', 'timeline-name');
  private readonly count = make('span', 'timeline-count');
  private readonly tools = make('span', 'timeline-tools');
  private readonly states = make('button', 'timeline-tool');
  private readonly pin = make('button', 'timeline-tool');
  private readonly more = make('button', 'timeline-tool');
  line: Line | undefined;
  private shown = '';
  private state = '';

  constructor(private readonly host: LabelHost, private readonly pinnedList: boolean) {
    this.element.setAttribute('role', 'row');
    this.cell.setAttribute('role', 'gridcell');
    for (const button of [this.chevron, this.states, this.pin, this.more]) {
      button.type = 'button';
      button.tabIndex = -1;
    }
    this.link.tabIndex = -1;
    this.states.textContent = '≡';
    this.pin.textContent = '⌖';
    this.more.textContent = '⋯';
    this.tools.append(this.states, this.pin, this.more);
    this.cell.append(this.chevron, this.glyph, this.prefix, this.link, this.count, this.tools);
    this.element.append(this.cell);
    this.chevron.addEventListener('click', () => this.line && host.toggle(this.line.parent ? 'fold' : 'open', this.line));
    this.states.addEventListener('click', () => this.line && host.toggle('open', this.line));
    this.pin.addEventListener('click', () => this.line && host.toggle('pin', this.line));
    this.more.addEventListener('click', () => this.line && host.menu(this.line, this.more));
    this.link.addEventListener('click', (event) => {
      const row = this.line && host.row(this.line);
      if (row) host.follow(row, event);
    });
    this.cell.addEventListener('pointerdown', () => this.line && host.focus(this.line, pinnedList));
    this.cell.addEventListener('dblclick', (event) => {
      if (this.line && event.target !== this.link) host.toggle(this.line.kind === 'group' ? 'fold' : 'open', this.line);
    });
    this.cell.addEventListener('contextmenu', (event) => {
      if (!this.line || event.target === this.link) return;
      event.preventDefault();
      host.menu(this.line, this.more);
    });
  }

  show(line: Line, index: number): void {
    const pinned = this.host.pinned(line);
    const shown = `${line.key}\n${line.folded}${line.open}${pinned}${line.depth}${line.count}${line.parent}`;
    this.line = line;
    if (shown === this.shown) return;
    this.shown = shown;
    const row = this.host.row(line);
    const object = line.kind === 'object';
    this.element.id = idOf(line, this.pinnedList);
    this.marked = 0;
    this.element.removeAttribute('aria-selected');
    this.element.className = `timeline-row timeline-row-${line.kind}${row?.over && object ? ' timeline-row-over' : ''}${pinned || (line.parent && line.open) ? ' timeline-row-on' : ''}`;
    this.element.style.height = `${heightOf(line)}px`;
    this.cell.style.setProperty('--label-in', `${6 + Math.min(line.depth, 8) * 14}px`);
    this.cell.style.paddingLeft = `${6 + Math.min(line.depth, 8) * 14}px`;
    this.element.setAttribute('aria-level', String(line.depth + 1));
    this.element.setAttribute('aria-rowindex', String(index + 1));
    const expands = line.parent || (object && row?.uid !== undefined);
    if (expands) this.element.setAttribute('aria-expanded', String(line.parent ? !line.folded : line.open));
    else this.element.removeAttribute('aria-expanded');
    this.showTexts(line, row, pinned, expands);
  }

  private showTexts(line: Line, row: Row | undefined, pinned: boolean, expands: boolean): void {
    const object = line.kind === 'object';
    const down = line.parent ? !line.folded : line.open;
    this.chevron.style.visibility = expands ? 'visible' : 'hidden';
    this.chevron.className = down ? 'timeline-chevron timeline-chevron-down' : 'timeline-chevron';
    this.chevron.setAttribute('aria-label', line.parent ? (down ? 'Hide what is below' : 'Show what is below') : down ? 'Hide its states' : 'Show its states');
    this.glyph.hidden = !object;
    this.prefix.textContent = object ? kindShort(line.prefix) : line.prefix;
    this.prefix.hidden = line.prefix === '' || line.kind === 'waiting';
    this.link.textContent = line.kind === 'waiting' ? 'reading its states…' : line.label;
    const href = object && row ? this.host.href(row) : undefined;
    if (href) this.link.href = href;
    else this.link.removeAttribute('href');
    this.link.title = object && row ? [row.cluster, row.kind, row.namespace, row.name].filter(Boolean).join(' · ') + (row.stub ? ' (only named by others, never recorded)' : '') : line.label;
    const counts = line.kind === 'group' ? line.count : line.folded ? line.count : 0;
    this.count.textContent = counts > 0 ? String(counts) : '';
    this.tools.hidden = !object;
    this.states.hidden = !line.parent;
    mark(this.states, line.open, line.open ? 'Hide its states' : 'Show its states: conditions, containers, replicas');
    mark(this.pin, pinned, pinned ? 'Take it from the top' : 'Pin it to the top');
    mark(this.more, false, 'More');
    if (!object) this.setState('');
  }

  setState(state: StateName | ''): void {
    if (state === this.state) return;
    this.state = state;
    this.glyph.className = state ? `timeline-glyph timeline-glyph-${state}` : 'timeline-glyph';
    this.glyph.title = state;
  }

  private marked = 0;

  setFocus(focused: boolean, selected: boolean): void {
    const marked = (focused ? 1 : 0) + (selected ? 2 : 0);
    if (marked === this.marked) return;
    this.marked = marked;
    this.element.classList.toggle('timeline-row-focus', focused);
    if (focused || selected) this.element.setAttribute('aria-selected', 'true');
    else this.element.removeAttribute('aria-selected');
  }
}

function mark(button: HTMLElement, on: boolean, label: string): void {
  button.classList.toggle('timeline-tool-on', on);
  button.title = label;
  button.setAttribute('aria-label', label);
}

export function idOf(line: Line, pinned: boolean): string {
  return `timeline-${pinned ? 'p' : 'r'}-${line.key.replace(/[^\w-]+/g, '_')}`;
}

export function make<K extends keyof HTMLElementTagNameMap>(tag: K, className: string): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}

/** The labels of one layout that are in view. */
export class LabelList {
  readonly element = make('div', 'timeline-labels');
  private readonly used = new Map<string, Label>();
  private spare: Label[] = [];
  private layout: Layout | undefined;
  private offset = NaN;
  private from = -1;
  private to = -1;

  constructor(private readonly host: LabelHost, private readonly pinned: boolean) {
    this.element.setAttribute('role', 'rowgroup');
  }

  /** Shows the labels between two heights; offset is where the first row of the layout stands. */
  show(layout: Layout, top: number, bottom: number, offset: number): void {
    if (offset !== this.offset) this.element.style.transform = `translateY(${offset}px)`;
    this.offset = offset;
    const first = layout.lines.length === 0 ? 0 : Math.max(0, lineAt(layout, top) - 2);
    const last = layout.lines.length === 0 ? -1 : Math.min(layout.lines.length - 1, lineAt(layout, bottom) + 2);
    if (layout === this.layout && first === this.from && last === this.to) return;
    this.layout = layout;
    this.from = first;
    this.to = last;
    const keep = new Set<string>();
    for (let i = first; i <= last; i++) keep.add(layout.lines[i]?.key ?? '');
    for (const [key, label] of this.used) {
      if (keep.has(key)) continue;
      this.used.delete(key);
      this.spare.push(label);
    }
    for (let i = first; i <= last; i++) this.place(layout, i);
    for (const label of this.spare) label.element.hidden = true;
  }

  private place(layout: Layout, i: number): void {
    const line = layout.lines[i];
    if (!line) return;
    let label = this.used.get(line.key);
    if (!label) {
      label = this.spare.pop() ?? new Label(this.host, this.pinned);
      this.used.set(line.key, label);
      if (!label.element.isConnected) this.element.append(label.element);
      label.element.hidden = false;
      label.setState('');
    }
    label.show(line, i);
    label.element.style.top = `${layout.top[i] ?? 0}px`;
  }

  setState(key: string, state: StateName | ''): void {
    this.used.get(key)?.setState(state);
  }

  setFocus(focus: string, selected: string): void {
    for (const [key, label] of this.used) label.setFocus(key === focus, key === selected);
  }
}

const widthKey = 'kubewake.labels';

/** The narrowest column of labels. */
export const leastLabels = 140;

/** The widest one in a picture of a width: half of it, where that is not too narrow to be read. */
export function mostLabels(width: number): number {
  return Math.max(leastLabels, Math.floor(width * 0.5));
}

/** The width of the labels as the person left it. */
export function keptWidth(): number {
  return keptNumber(widthKey, leastLabels) ?? 300;
}

export function keepWidth(width: number): void {
  keepNumber(widthKey, width);
}
