import { hueVar } from '../theme/hues';
import type { Sign } from './attrs';
import { nameOf } from './names';
import { rowHeight, seenRows, type Scene } from './scene';

/** A sign as a letter, for the column of names. */
const glyphs: Record<Sign, string> = {
  none: '', read: '·', request: '▫', normal: '◇', span: '▬', gap: '≈', change: '|', end: '×', warning: '◆', failed: '⊘',
};

/** The column of names: only the rows that are seen have elements, which are used again for others. */
export interface Labels {
  draw(scene: Scene, closed: Uint8Array): void;
  /** The element of a row that is seen. */
  idOf(span: number): string;
}

interface Row {
  root: HTMLElement;
  guides: HTMLElement;
  fold: HTMLElement;
  sign: HTMLElement;
  chip: HTMLElement;
  title: HTMLElement;
  aside: HTMLElement;
  count: HTMLElement;
  failed: HTMLElement;
  /** What it shows now; drawn again only where that differs. */
  shown: string;
}

let made = 0;

export function makeLabels(host: HTMLElement): Labels {
  const rows: Row[] = [];
  const prefix = `gantt-${++made}-`;
  const idOf = (span: number) => `${prefix}${span}`;
  return {
    idOf,
    draw(scene, closed) {
      const { first, last } = seenRows(scene);
      const wanted = Math.max(0, last - first + 1);
      while (rows.length < wanted) rows.push(makeRow(host));
      // A row keeps its element as long as it is seen: scrolling fills those anew that come into view.
      rows.forEach((row, k) => {
        const at = first + ((((k - first) % rows.length) + rows.length) % rows.length);
        const hidden = at > last;
        if (row.root.hidden !== hidden) row.root.hidden = hidden;
        if (!hidden) fill(row, scene, closed, at, idOf);
      });
    },
  };
}

function makeRow(host: HTMLElement): Row {
  const root = part(host, 'gantt-row');
  root.setAttribute('role', 'treeitem');
  const row: Row = {
    root, guides: part(root, 'gantt-guides'), fold: part(root, 'gantt-fold'), sign: part(root, 'gantt-sign'), chip: part(root, 'gantt-chip'),
    title: part(root, 'gantt-title'), aside: part(root, 'gantt-aside'), count: part(root, 'gantt-count'), failed: part(root, 'gantt-failed'), shown: '',
  };
  row.guides.ariaHidden = row.fold.ariaHidden = row.sign.ariaHidden = 'true';
  return row;
}

function part(host: HTMLElement, name: string): HTMLElement {
  const made = document.createElement(name === 'gantt-row' ? 'div' : 'span');
  made.className = name;
  host.append(made);
  return made;
}

function fill(row: Row, scene: Scene, closed: Uint8Array, at: number, idOf: (span: number) => string): void {
  const { spans } = scene;
  const span = scene.rows[at] ?? 0;
  const kids = spans.kids[span] ?? 0;
  const isClosed = closed[span] === 1;
  const selected = scene.selected?.span === span;
  const shown = [span, spans.of[span]?.spanID, isClosed, selected, scene.hover?.row === at, scene.matches.has(span)].join();
  const y = at * rowHeight - scene.top;
  row.root.style.transform = `translateY(${y}px)`;
  if (shown === row.shown) return;
  row.shown = shown;
  const name = nameOf(spans, span);
  const depth = spans.depth[span] ?? 0;
  row.root.id = idOf(span);
  row.root.dataset['span'] = String(span);
  row.root.classList.toggle('is-selected', selected);
  row.root.classList.toggle('is-hovered', scene.hover?.row === at);
  row.root.classList.toggle('is-match', scene.matches.has(span));
  row.root.ariaLevel = String(depth + 1);
  row.root.ariaSelected = String(selected);
  row.root.ariaExpanded = kids > 0 ? String(!isClosed) : null;
  row.root.title = name.aside ? `${name.aside} ${name.title}` : name.title;
  row.guides.style.width = `${depth * 14}px`;
  row.fold.classList.toggle('is-closed', isClosed);
  row.fold.classList.toggle('is-leaf', kids === 0);
  row.sign.textContent = glyphs[name.sign];
  row.sign.className = `gantt-sign is-${name.sign}`;
  row.sign.hidden = name.sign === 'none';
  row.chip.textContent = name.chip;
  row.chip.hidden = name.chip === '';
  row.chip.style.setProperty('--hue', hueVar(name.service));
  row.title.textContent = name.title;
  row.aside.textContent = name.aside;
  row.count.textContent = isClosed && kids > 0 ? `+${(spans.next[span] ?? 0) - span - 1}` : '';
  row.failed.textContent = name.failures > 0 ? `⊘${name.failures}` : '';
}
