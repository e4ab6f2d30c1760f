/** What the editors of manifests and of their differences have in common: they are read, searched and folded, never written. */
import { yaml } from '@codemirror/lang-yaml';
import { codeFolding, foldGutter, foldKeymap, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--manifest-key)' },
  { tag: [tags.string, tags.content, tags.attributeValue], color: 'var(--text)' },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: 'var(--manifest-literal)' },
  { tag: [tags.punctuation, tags.separator, tags.meta, tags.squareBracket, tags.brace], color: 'var(--text-faint)' },
  { tag: tags.comment, color: 'var(--text-faint)', fontStyle: 'italic' },
]);

const theme = EditorView.theme({
  '&': { color: 'var(--text)', backgroundColor: 'var(--bg-raised)', fontSize: '12px', height: '100%' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '19px', overflow: 'auto' },
  '.cm-content': { padding: '4px 0 24px', caretColor: 'var(--text)' },
  '.cm-line': { padding: '0 12px 0 6px' },
  '.cm-gutters': { backgroundColor: 'var(--bg-raised)', color: 'var(--text-faint)', border: 'none' },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '30px', padding: '0 4px 0 8px' },
  '.cm-foldGutter .cm-gutterElement': { padding: '0 2px', cursor: 'pointer', color: 'var(--text-faint)' },
  '.cm-foldPlaceholder': {
    backgroundColor: 'var(--bg-sunken)', border: '1px solid var(--line)', color: 'var(--text-dim)', padding: '0 6px', margin: '0 6px', borderRadius: '4px', fontSize: '11px',
  },
  '.cm-selectionBackground, &.cm-focused .cm-selectionBackground, ::selection': { backgroundColor: 'var(--bg-selected)' },
  '.cm-searchMatch': { backgroundColor: 'color-mix(in srgb, var(--event-warning) 30%, transparent)', outline: '1px solid var(--event-warning)' },
  '.cm-searchMatch-selected': { backgroundColor: 'color-mix(in srgb, var(--cursor) 35%, transparent)' },
  '.cm-selectionMatch': { backgroundColor: 'color-mix(in srgb, var(--accent) 16%, transparent)' },
  '.cm-panels': { backgroundColor: 'var(--bg-sunken)', color: 'var(--text)', borderTop: '1px solid var(--line)' },
  '.cm-panels-top': { borderBottom: '1px solid var(--line)', borderTop: 'none' },
  '.cm-panel.cm-search': { padding: '6px 10px', fontFamily: 'var(--font)', fontSize: '12px' },
  '.cm-panel.cm-search label, .cm-panel.cm-search input, .cm-panel.cm-search button': { fontSize: '12px' },
  '.cm-panel.cm-search [name=close]': { top: '6px', right: '10px', fontSize: '16px', color: 'var(--text-dim)', cursor: 'pointer' },
  '.cm-textfield': { backgroundColor: 'var(--bg-raised)', border: '1px solid var(--line-strong)', borderRadius: '4px', color: 'var(--text)', padding: '2px 6px' },
  '.cm-button': { background: 'var(--bg-raised)', border: '1px solid var(--line-strong)', borderRadius: '4px', color: 'var(--text)', padding: '2px 8px' },
});

/** A text is longer than this in lines: its folding and colours cost more than they show. */
const manyLines = 20_000;

/** The extensions of an editor that shows a manifest under a label. */
export function reading(label: string, lines: number, folds = true): Extension[] {
  return [
    lineNumbers(),
    EditorState.readOnly.of(true),
    EditorView.editable.of(false),
    EditorView.contentAttributes.of({ tabindex: '0', 'aria-label': label, 'aria-readonly': 'true' }),
    theme,
    search({ top: true }),
    highlightSelectionMatches({ minSelectionLength: 3 }),
    keymap.of([...searchKeymap, ...foldKeymap]),
    lines > manyLines ? [] : [yaml(), syntaxHighlighting(colours)],
    folds && lines <= manyLines ? [codeFolding({ preparePlaceholder: linesIn, placeholderDOM: placeholder }), foldGutter({ markerDOM: foldMark })] : [],
  ];
}

function linesIn(state: EditorState, { from, to }: { from: number; to: number }): number {
  return state.doc.lineAt(to).number - state.doc.lineAt(from).number;
}

function placeholder(_view: EditorView, open: (event: Event) => void, lines: number): HTMLElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'cm-foldPlaceholder';
  button.textContent = lines === 1 ? '1 line' : `${lines} lines`;
  button.title = 'Unfold';
  button.onclick = open;
  return button;
}

function foldMark(open: boolean): HTMLElement {
  const mark = document.createElement('span');
  mark.textContent = open ? '▾' : '▸';
  mark.title = open ? 'Fold' : 'Unfold';
  mark.className = open ? 'manifest-fold-open' : 'manifest-fold-closed';
  return mark;
}
