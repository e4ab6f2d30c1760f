import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, completionStatus, startCompletion, type Completion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching } from '@codemirror/language';
import { EditorState, StateEffect, StateField } from '@codemirror/state';
import { Decoration, EditorView, keymap, placeholder, ViewPlugin, type DecorationSet, type ViewUpdate } from '@codemirror/view';
import { useEffect, useRef } from 'react';
import { ask } from '../../api/client';
import type { Fields } from '../../api/types';
import { tokensOf, type Token } from './cel';
import { placeAt, valueChoices, wordChoices, type Choice, type Field } from './completion';
import { seenValues } from './values';

interface Place {
  from: number;
  to: number;
}

export interface EditorProps {
  text: string;
  cluster: string;
  /** Where the filter is wrong. */
  wrong: Place | undefined;
  focusTurn: number;
  write: (text: string) => void;
  send: (text: string) => void;
}

/** A small editor for one filter: Enter asks, Shift+Enter begins a line. */
export function Editor(props: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | undefined>(undefined);
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  useEffect(() => {
    if (!host.current) return;
    const editor = new EditorView({ parent: host.current, state: EditorState.create({ doc: latest.current.text, extensions: extensions(() => latest.current) }) });
    view.current = editor;
    return () => {
      editor.destroy();
      view.current = undefined;
    };
  }, []);
  const { text, wrong, focusTurn } = props;
  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === text) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text }, selection: { anchor: text.length } });
  }, [text]);
  const [from, to] = [wrong?.from, wrong?.to];
  useEffect(() => {
    view.current?.dispatch({ effects: setWrong.of(from === undefined || to === undefined ? undefined : { from, to }) });
  }, [from, to, text]);
  useEffect(() => {
    if (focusTurn > 0) view.current?.focus();
  }, [focusTurn]);
  return <div ref={host} className="filter-editor" />;
}

const setWrong = StateEffect.define<Place | undefined>();
const wavy = Decoration.mark({ class: 'filter-editor-wrong' });

const wrongField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = transaction.docChanged ? Decoration.none : marks;
    for (const effect of transaction.effects) {
      if (!effect.is(setWrong)) continue;
      const length = transaction.state.doc.length;
      const place = effect.value && { from: Math.min(effect.value.from, length), to: Math.min(effect.value.to, length) };
      next = place && place.to > place.from ? Decoration.set([wavy.range(place.from, place.to)]) : Decoration.none;
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const looks: Partial<Record<Token['kind'], Decoration>> = {
  string: Decoration.mark({ class: 'filter-editor-string' }),
  number: Decoration.mark({ class: 'filter-editor-number' }),
  operator: Decoration.mark({ class: 'filter-editor-operator' }),
  comment: Decoration.mark({ class: 'filter-editor-comment' }),
};

function coloured(view: EditorView): DecorationSet {
  const marks = tokensOf(view.state.doc.toString()).flatMap((token) => {
    const look = token.text === 'in' || token.text === 'true' || token.text === 'false' || token.text === 'null' ? looks.operator : looks[token.kind];
    return look && token.text !== '.' ? [look.range(token.from, token.to)] : [];
  });
  return Decoration.set(marks);
}

const colours = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = coloured(view);
    }
    update(update: ViewUpdate) {
      if (update.docChanged) this.decorations = coloured(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function extensions(props: () => EditorProps) {
  return [
    history(),
    bracketMatching(),
    closeBrackets(),
    EditorView.lineWrapping,
    placeholder('A filter in CEL: request.verb == "delete" && namespace == "shop"'),
    autocompletion({ override: [(context) => complete(context, props().cluster)], icons: false, activateOnTyping: true }),
    wrongField,
    colours,
    keymap.of([
      {
        key: 'Enter',
        run: (editor) => {
          if (completionStatus(editor.state) === 'active' && acceptCompletion(editor)) return true;
          props().send(editor.state.doc.toString());
          return true;
        },
        shift: (editor) => {
          editor.dispatch(editor.state.replaceSelection('\n'));
          return true;
        },
      },
      { key: 'Tab', run: acceptCompletion },
      {
        key: 'Escape',
        run: (editor) => {
          if (completionStatus(editor.state) === 'active') return false;
          editor.contentDOM.blur();
          return true;
        },
      },
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...historyKeymap,
      ...defaultKeymap,
    ]),
    EditorView.contentAttributes.of({ 'aria-label': 'Filter in CEL', 'aria-multiline': 'true', spellcheck: 'false', autocorrect: 'off', autocapitalize: 'off' }),
    EditorView.updateListener.of((update) => {
      if (!update.docChanged) return;
      const text = update.state.doc.toString();
      if (text !== props().text) props().write(text);
      if (update.transactions.some((one) => one.isUserEvent('input.complete'))) requestAnimationFrame(() => goOn(update.view));
    }),
  ];
}

/** Behind "request." and "(" the next choices are shown at once. */
function goOn(editor: EditorView): void {
  const at = editor.state.selection.main.head;
  if (/[.(]$|== $/.test(editor.state.sliceDoc(Math.max(0, at - 3), at))) startCompletion(editor);
}

async function complete(context: CompletionContext, cluster: string): Promise<CompletionResult | null> {
  const text = context.state.doc.toString();
  const place = placeAt(text, context.pos);
  if (place.kind === 'none') return null;
  if (place.kind === 'value') {
    const seen = await seenValues(place.field, place.typed, cluster);
    const choices = valueChoices(place.field, seen, place.quote);
    if (choices.length === 0 || context.aborted) return null;
    return { from: place.from, to: place.to, options: choices.map((choice) => (place.quote ? optionOf(choice) : { ...optionOf(choice), apply: writeWithin })), ...(isOpen(place.field) ? {} : { validFor: /^[\w.:@/ -]*$/ }) };
  }
  if (!context.explicit && !place.base && place.typed.length === 0) return null;
  const fields: readonly Field[] = await ask<Fields>('fields', {}).then((answer) => answer.fields, () => []);
  return { from: place.from, options: wordChoices(fields, place.base).map(optionOf), validFor: /^\w*$/ };
}

/** Writes a value into quotes that stand there, and goes on behind them. */
function writeWithin(editor: EditorView, { label }: Completion, from: number, to: number): void {
  const quote = editor.state.sliceDoc(from - 1, from);
  const inner = JSON.stringify(label).slice(1, -1);
  const closed = editor.state.sliceDoc(to, to + 1) === quote;
  editor.dispatch({
    changes: { from, to, insert: closed ? inner : inner + quote },
    selection: { anchor: from + inner.length + 1 },
    userEvent: 'input.complete',
  });
}

/** Whether the server knows more values than it told. */
function isOpen(field: string): boolean {
  return field.endsWith('name');
}

function optionOf(choice: Choice): Completion {
  const { label, insert, detail, doc, type, boost } = choice;
  return {
    label,
    type,
    ...(detail ? { detail } : {}),
    ...(doc ? { info: doc } : {}),
    ...(boost === undefined ? {} : { boost }),
    apply: type === 'object' ? `${label}.` : (insert ?? label),
  };
}
