/** The short card beside the pointer, and the sentence that is read aloud. */
import type { LaneBin, Mark, Row } from '../api/drawn';
import { formatClock, formatMoment, formatOffset, formatSpan, precisionFor, type Precision, type Zone } from '../time/format';
import { sentenceIn } from '../time/sentence';
import { counted } from '../text/counts';
import { codeText } from '../text/verbs';
import { actorShort } from '../text/actors';
import type { Ends, Hit } from './hit';
import { make } from './labels';
import type { DerivedShape } from './lanestore';

/** What a card tells of: where, and when one looks from. */
export interface CardContext {
  row: Row | undefined;
  shape: DerivedShape | undefined;
  zone: Zone;
  perPixel: number;
  cursor: number | undefined;
}

export interface CardLine {
  words: string;
  role: 'title' | 'text' | 'dim' | 'bad' | 'warn';
}

const stateWords: Record<string, string> = {
  good: 'As it should be', progressing: 'On its way', bad: 'Failing', done: 'Finished', there: 'There', deleting: 'Being deleted', deleted: 'Deleted', unknown: 'Not known',
};

/** The lines of a card; none where there is nothing to say. */
export function cardLines(hit: Hit, context: CardContext): CardLine[] {
  switch (hit.kind) {
    case 'marks':
      return markLines(hit.marks, context);
    case 'bin':
      return [
        { words: `${timeOf(hit.window.from, context)}, ${formatSpan(hit.window.to - hit.window.from)}`, role: 'title' },
        ...binLines(hit.bin),
        { words: 'Double-click to look closer', role: 'dim' },
      ];
    case 'bar': {
      const { bar, window, ends } = hit;
      const many = bar.n && bar.n > 1 ? `; ${bar.n} states so close that they are drawn as one, the worst of them` : '';
      return [
        { words: (context.shape ? `${context.shape.name}: ` : '') + (bar.text || (stateWords[bar.state] ?? bar.state)), role: 'title' },
        { words: bar.text ? `${stateWords[bar.state] ?? bar.state}${many}` : many.slice(2), role: bar.state === 'bad' ? 'bad' : 'text' },
        { words: `since ${timeOf(window.from, context)}${lasted(window.to - window.from, ends)}`, role: 'dim' },
        { words: bar.early ? `It began between ${timeOf(bar.early, context)} and then; nothing tells exactly when.` : '', role: 'dim' },
        { words: bar.earlier ? 'It may have begun before: of the states before the window only the nearest are read.' : '', role: 'dim' },
        { words: bar.soft ? `Not known exactly: ${sentenceIn(context.zone, bar.soft)}` : '', role: 'dim' },
      ];
    }
    case 'step':
      return [
        { words: `${context.shape?.name ?? ''}: ${hit.step.value}${hit.step.wanted === undefined ? '' : ` of ${hit.step.wanted} wanted`}`, role: 'title' },
        { words: `since ${timeOf(hit.step.at, context)}`, role: 'dim' },
      ];
    case 'unknown':
      return [
        { words: 'Not known', role: 'title' },
        { words: sentenceIn(context.zone, hit.stretch.sentence), role: 'text' },
      ];
    case 'nothing':
      return [];
  }
}

function lasted(span: number, ends: Ends): string {
  if (ends === 'open') return '; still so at the end of what is recorded';
  return `, for ${ends === 'later' ? 'at least ' : ''}${formatSpan(span)}`;
}

function markLines(marks: readonly Mark[], context: CardContext): CardLine[] {
  const [mark, ...others] = marks;
  if (!mark) return [];
  const took = mark.until && mark.until > mark.at ? `, took ${formatSpan(mark.until - mark.at)}` : '';
  const from = context.cursor === undefined || context.cursor === mark.at ? '' : ` · ${formatOffset(mark.at, context.cursor)} from the cursor`;
  return [
    { words: markTitle(mark), role: mark.failed ? 'bad' : mark.severity === 'Warning' ? 'warn' : 'title' },
    { words: mark.text ?? '', role: 'text' },
    { words: mark.who ? `by ${actorShort(mark.who)}` : '', role: 'text' },
    { words: timeOf(mark.at, context) + took + from, role: 'dim' },
    { words: mark.noop ? 'It changed nothing.' : '', role: 'dim' },
    { words: others.length > 0 ? `and ${others.length} more here; click again for the next` : '', role: 'dim' },
  ];
}

/** What a mark is, in few words: "patch scale, 200 OK". */
export function markTitle(mark: Mark): string {
  if (mark.kind === 'event') return mark.severity === 'Warning' ? 'Warning' : 'Event';
  if (mark.kind === 'span') return 'Span';
  if (mark.kind === 'gap') return 'Not seen';
  if (mark.kind === 'end' && !mark.verb) return 'Deleted';
  const verb = [mark.verb ?? 'changed', mark.sub].filter(Boolean).join(' ');
  return mark.code ? `${verb}, ${codeText(mark.code)}` : verb;
}

function binLines(bin: LaneBin): CardLine[] {
  const lines: CardLine[] = [];
  const add = (n: number | undefined, words: string, role: CardLine['role'] = 'text') => {
    if (n) lines.push({ words: counted(n, words), role });
  };
  add(bin.changes, 'change');
  add(bin.reads, 'read');
  add(bin.warning, 'Warning', 'warn');
  add(bin.normal, 'Event');
  add(bin.spans, 'span');
  if (bin.failed) lines.push({ words: `${bin.failed} of them failed`, role: 'bad' });
  return lines;
}

/** A time to the precision that the picture shows, and a little more. */
export function timeOf(at: number, { zone, perPixel }: Pick<CardContext, 'zone' | 'perPixel'>): string {
  const precision: Precision = precisionFor(Math.min(perPixel, 900_000));
  return `${formatMoment(at, zone, precision)}${zone === 'utc' ? ' UTC' : ''}`;
}

/** The time in a flag of the ruler. */
export function flagOf(at: number, zone: Zone, perPixel: number): string {
  const precision = precisionFor(Math.min(perPixel, 900_000));
  return perPixel > 60_000_000 ? formatMoment(at, zone, 'minute') : formatClock(at, zone, precision);
}

/** The card as an element that follows the pointer. */
export class Card {
  readonly element = make('div', 'timeline-card');
  private shown = '';

  constructor() {
    this.element.hidden = true;
    this.element.setAttribute('aria-hidden', 'true');
  }

  show(lines: readonly CardLine[], heading: string, x: number, y: number, room: { width: number; height: number }): void {
    const there = lines.filter((l) => l.words !== '');
    if (there.length === 0) {
      this.hide();
      return;
    }
    const key = heading + there.map((l) => l.role + l.words).join('\n');
    if (key !== this.shown) {
      this.shown = key;
      const head = make('div', 'timeline-card-where');
      head.textContent = heading;
      this.element.replaceChildren(head, ...there.map((line) => {
        const element = make('div', `timeline-card-${line.role}`);
        element.textContent = line.words;
        return element;
      }));
    }
    this.element.hidden = false;
    const width = this.element.offsetWidth;
    const height = this.element.offsetHeight;
    const left = x + 16 + width > room.width ? Math.max(4, x - width - 14) : x + 16;
    const top = y + 18 + height > room.height ? Math.max(4, y - height - 12) : y + 18;
    this.element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  hide(): void {
    this.element.hidden = true;
  }
}
