import { goToNextChunk, goToPreviousChunk, MergeView, unifiedMergeView } from '@codemirror/merge';
import { EditorView } from '@codemirror/view';
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react';
import './diff.css';
import { reading } from './editor';

export interface DiffHandle {
  /** Goes to the next place that differs, or the one before. */
  step: (by: 1 | -1) => void;
}

interface Props {
  a: string;
  b: string;
  labelA: string;
  labelB: string;
  inline: boolean;
  /** Shows everything, not only what differs with a few lines around. */
  whole: boolean;
  handle?: Ref<DiffHandle>;
}

/** Two texts compared, side by side or in one. */
export function DiffView({ a, b, labelA, labelB, inline, whole, handle }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const after = useRef<EditorView>(undefined);

  useEffect(() => {
    if (!host.current) return;
    const lines = Math.max(countLines(a), countLines(b));
    const shared = {
      highlightChanges: true,
      gutter: true,
      diffConfig: { scanLimit: 5000, timeout: 500 },
      ...(whole ? {} : { collapseUnchanged: { margin: 4, minSize: 6 } }),
    };
    if (inline) {
      const view = new EditorView({
        parent: host.current,
        doc: b,
        extensions: [reading(`${labelA}, then ${labelB}`, lines, false), unifiedMergeView({ original: a, mergeControls: false, ...shared })],
      });
      after.current = view;
      return () => view.destroy();
    }
    const view = new MergeView({
      parent: host.current,
      a: { doc: a, extensions: reading(labelA, lines, false) },
      b: { doc: b, extensions: reading(labelB, lines, false) },
      ...shared,
    });
    after.current = view.b;
    return () => view.destroy();
  }, [a, b, labelA, labelB, inline, whole]);

  useImperativeHandle(handle, () => ({
    step: (by) => {
      const view = after.current;
      if (view) (by > 0 ? goToNextChunk : goToPreviousChunk)(view);
    },
  }));

  return <div className={inline ? 'diff-view diff-view-inline' : 'diff-view'} ref={host} />;
}

function countLines(text: string): number {
  let n = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) n++;
  return n;
}
