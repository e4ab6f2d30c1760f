import { forceParsing } from '@codemirror/language';
import { openSearchPanel } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { useEffect, useEffectEvent, useImperativeHandle, useLayoutEffect, useRef, useState, type ReactNode, type Ref, type RefObject } from 'react';
import { reading } from './editor';
import { activate, blameGutter, firstChanged, showBlame, type Doings, type Shown } from './gutter';
import './manifest.css';
import { keyOfPlace } from './path';
import type { Printed } from './print';

/** What the page may ask of the view. */
export interface ManifestHandle {
  /** Opens the search panel. */
  search: () => void;
  /** Gives the keyboard to the gutter. */
  focusBlame: () => void;
}

interface Props {
  printed: Printed;
  blame: Shown;
  label: string;
  /** Hides the gutter. */
  plain?: boolean;
  /** When it changes, what the state shown changed is scrolled to, if it is not to be seen. */
  reveal?: string;
  /** A line was chosen in the gutter. */
  onChoose: (line: number) => void;
  /** The card of a line, counted from 0; nothing: none. */
  card: (line: number) => ReactNode;
  handle?: Ref<ManifestHandle>;
}

interface Carded {
  line: number;
  rect: DOMRect;
  held: boolean;
}

/** So long the colours may be waited for, so that they do not come in afterwards. */
const parseMillis = 40;

/** A manifest as YAML with the blame gutter. The text stays where it is scrolled to when another state is shown. */
export function ManifestView({ printed, blame, label, plain = false, reveal = '', onChoose, card, handle }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const told = useRef<Doings>(undefined);
  const cardBox = useRef<HTMLDivElement>(null);
  const before = useRef(printed);
  const pending = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [carded, setCarded] = useState<Carded>();

  const later = (next: Carded | undefined, millis: number) => {
    clearTimeout(pending.current);
    pending.current = setTimeout(() => setCarded(next), millis);
  };
  const over = useEffectEvent<Doings['over']>((line, rect) => {
    if (line === undefined || !rect) later(undefined, 250);
    else if (line !== carded?.line) later({ line, rect, held: false }, carded ? 60 : 180);
    else clearTimeout(pending.current);
  });
  const active = useEffectEvent<Doings['active']>((line, rect) => {
    if (line === undefined || !rect) {
      if (!cardBox.current?.contains(document.activeElement)) later(undefined, 150);
    } else {
      clearTimeout(pending.current);
      setCarded({ line, rect, held: true });
    }
  });
  const choose = useEffectEvent((line: number) => {
    if (!carded?.held) later(undefined, 0);
    onChoose(line);
  });

  useLayoutEffect(() => {
    if (!host.current) return;
    const doings: Doings = { over: (l, r) => over(l, r), active: (l, r) => active(l, r), choose: (l) => choose(l) };
    told.current = doings;
    const made = editorIn(host.current, printed, [plain ? [] : blameGutter(doings), reading(label, printed.lines.length), EditorView.domEventHandlers({ scroll: () => later(undefined, 0) })]);
    view.current = made;
    return () => {
      clearTimeout(pending.current);
      made.destroy();
    };
    // What is printed comes in by the effect below; a new view is made for another label or gutter only.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [label, plain]);

  useLayoutEffect(() => {
    const made = view.current;
    if (made) replace(made, before.current, printed);
    before.current = printed;
  }, [printed]);

  useEffect(() => {
    if (!plain) view.current?.dispatch({ effects: showBlame.of(blame) });
  }, [blame, plain, label]);

  useReveal(view, blame, reveal);
  useImperativeHandle(handle, () => handleOf(view, told));

  const content = carded && card(carded.line);
  return (
    <div className="manifest-view">
      <div className="manifest-host" ref={host} />
      {carded && content && (
        <CardBox
          box={cardBox}
          carded={carded}
          keep={() => clearTimeout(pending.current)}
          leave={(millis) => later(undefined, millis)}
          close={() => {
            view.current?.focus();
            setCarded(undefined);
          }}
        >
          {content}
        </CardBox>
      )}
    </div>
  );
}

function editorIn(parent: HTMLElement, { text }: Printed, extensions: Extension): EditorView {
  const made = new EditorView({ parent, state: EditorState.create({ doc: text, extensions }) });
  forceParsing(made, made.state.doc.length, parseMillis);
  return made;
}

/** Scrolls to what the state shown changed, once for each that is to be revealed. */
function useReveal(view: RefObject<EditorView | undefined>, blame: Shown, reveal: string): void {
  const revealed = useRef('');
  useEffect(() => {
    const made = view.current;
    if (!made || blame.loading || revealed.current === reveal) return;
    revealed.current = reveal;
    const line = reveal === '' ? -1 : firstChanged(blame);
    if (line >= 0 && line < made.state.doc.lines) made.dispatch({ effects: EditorView.scrollIntoView(made.state.doc.line(line + 1).from, { y: 'nearest', yMargin: 90 }) });
  }, [view, blame, reveal]);
}

/** What the page may do with the editor. */
function handleOf(view: RefObject<EditorView | undefined>, told: RefObject<Doings | undefined>): ManifestHandle {
  return {
    search: () => {
      if (view.current) openSearchPanel(view.current);
    },
    focusBlame: () => {
      const made = view.current;
      if (!made || !told.current) return;
      made.focus();
      const top = made.lineBlockAtHeight(made.scrollDOM.scrollTop + 8);
      activate(made, told.current, made.state.doc.lineAt(top.from).number - 1);
    },
  };
}

/** The card of a line; it stays as long as pointer or focus are in it. */
function CardBox({ box, carded, keep, leave, close, children }: {
  box: Ref<HTMLDivElement>;
  carded: Carded;
  keep: () => void;
  leave: (millis: number) => void;
  close: () => void;
  children: ReactNode;
}) {
  return (
    <div
      ref={box}
      className="manifest-card"
      role={carded.held ? 'status' : 'tooltip'}
      style={placeOfCard(carded.rect)}
      onMouseEnter={keep}
      onMouseLeave={() => leave(200)}
      onFocus={keep}
      onBlur={() => leave(150)}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        close();
      }}
    >
      {children}
    </div>
  );
}

/** Beside the gutter, above the line where there is more room. */
function placeOfCard(rect: DOMRect): React.CSSProperties {
  const below = rect.top < innerHeight * 0.55;
  const beside = rect.right + 6 + 430 < innerWidth;
  const left = beside ? rect.right + 6 : Math.max(8, Math.min(rect.left + 8, innerWidth - 440));
  const aside = beside ? -rect.height : 3;
  return below ? { left, top: Math.max(8, rect.bottom + aside) } : { left, bottom: Math.max(8, innerHeight - rect.top + aside) };
}

/** Puts another text in place of the one shown, leaving what is the same, what is folded of it, and what stands at the top. */
function replace(view: EditorView, shown: Printed, printed: Printed): void {
  const before = view.state.doc.toString();
  const after = printed.text;
  if (before === after) return;
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before.charCodeAt(head) === after.charCodeAt(head)) head++;
  let tail = 0;
  while (tail < most - head && before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)) tail++;
  const top = placeAtTop(view, shown);
  view.dispatch({ changes: { from: head, to: before.length - tail, insert: after.slice(head, after.length - tail) } });
  forceParsing(view, view.state.doc.length, parseMillis);
  const line = top === undefined ? -1 : printed.lines.findIndex(({ place }) => keyOfPlace(place) === top);
  if (line >= 0) view.dispatch({ effects: EditorView.scrollIntoView(view.state.doc.line(line + 1).from, { y: 'start', yMargin: 0 }) });
}

/** What the first whole line on screen shows; undefined at the very top. */
function placeAtTop(view: EditorView, shown: Printed): string | undefined {
  const { scrollTop } = view.scrollDOM;
  if (scrollTop < 4) return undefined;
  const line = view.state.doc.lineAt(view.lineBlockAtHeight(scrollTop + 2).from).number - 1;
  const place = shown.lines[line]?.place;
  return place && keyOfPlace(place);
}
