import type { RefObject } from 'react';
import { nextMatch } from '../../gantt/find';
import type { Pick } from '../../gantt/hit';
import type { Gantt } from '../../gantt/mount';
import { useKeys } from '../../url/keys';
import type { View } from '../../url/state';
import { go } from '../../url/useView';
import type { Model } from './useModel';

export interface TraceKeys {
  view: View;
  model: Model | undefined;
  chart: RefObject<Gantt | null>;
  findBox: RefObject<HTMLInputElement | null>;
  choose: (pick: Pick, how?: { open?: boolean; quiet?: boolean }) => void;
  fold: (span: number) => void;
}

/** The keys of the trace page. Arrows go through the tree; the others do what they do on the timeline. */
export function useTraceKeys({ view, model, chart, findBox, choose, fold }: TraceKeys): void {
  const step = (by: number) => {
    if (!model) return;
    const at = model.pick ? model.rows.indexOf(model.pick.span) : -1;
    const to = model.rows[Math.min(model.rows.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    if (to !== undefined) choose({ span: to, event: -1 }, { quiet: true });
  };
  const sideways = (closing: boolean) => {
    const span = model?.pick?.span;
    if (!model || span === undefined) return step(0);
    const kids = model.spans.kids[span] ?? 0;
    const closed = model.closed[span] === 1;
    if (kids > 0 && closed !== closing) return fold(span);
    if (closing && (model.spans.parent[span] ?? -1) >= 0) choose({ span: model.spans.parent[span] ?? 0, event: -1 }, { quiet: true });
    if (!closing && kids > 0) choose({ span: span + 1, event: -1 }, { quiet: true });
  };
  const event = (by: number) => {
    const pick = model?.pick;
    if (!model || !pick) return;
    const [first, end] = [model.spans.eventFrom[pick.span] ?? 0, model.spans.eventFrom[pick.span + 1] ?? 0];
    if (first === end) return;
    const to = pick.event < 0 ? (by > 0 ? first : end - 1) : pick.event + by;
    if (to >= first && to < end) choose({ span: pick.span, event: to }, { quiet: true });
  };
  const match = (by: 1 | -1) => {
    const to = model && nextMatch(model.matches, model.pick?.span ?? -1, by);
    if (to !== undefined) choose({ span: to, event: -1 }, { quiet: true });
  };
  const find = () => {
    findBox.current?.focus();
    findBox.current?.select();
  };
  const toggle = (word: string) => go({ words: { [word]: view.words[word] === 'true' ? '' : 'true' } });
  const fit = () => {
    const pick = model?.pick;
    if (model && pick) chart.current?.showWindow({ from: model.spans.start[pick.span] ?? 0, to: model.spans.end[pick.span] ?? 0 });
  };
  useKeys(
    {
      ArrowDown: { does: 'Next row', run: () => step(1) },
      ArrowUp: { does: 'Row before', run: () => step(-1) },
      ArrowRight: { does: 'Open the row, or go into it', run: () => sideways(false) },
      ArrowLeft: { does: 'Close the row, or go to the one above', run: () => sideways(true) },
      x: { does: 'Open or close the row', run: () => model?.pick && (model.spans.kids[model.pick.span] ?? 0) > 0 && fold(model.pick.span) },
      '>': { does: 'Open all', run: () => go({ words: { depth: String((model?.deepest ?? 0) + 1), fold: '' } }) },
      '<': { does: 'Close all', run: () => go({ words: { depth: '0', fold: '' } }) },
      '.': { does: 'Next event on the row', run: () => event(1) },
      ',': { does: 'Event before on the row', run: () => event(-1) },
      o: { does: 'Open the object (Enter, in the rows)', run: () => model?.pick && choose(model.pick, { open: true }) },
      'w|+|=': { does: 'Zoom in', run: () => chart.current?.zoom(2) },
      's|-': { does: 'Zoom out', run: () => chart.current?.zoom(0.5) },
      'a|Shift+ArrowLeft': { does: 'Earlier', run: () => chart.current?.pan(-0.25) },
      'd|Shift+ArrowRight': { does: 'Later', run: () => chart.current?.pan(0.25) },
      '0': { does: 'Show all of the time', run: () => chart.current?.showWindow(undefined) },
      f: { does: 'Show the selected span’s time', run: fit },
      'Mod+f': { does: 'Find in this trace', run: find },
      n: { does: 'Next match', run: () => match(1) },
      N: { does: 'Match before', run: () => match(-1) },
      e: { does: 'Only what failed', run: () => toggle('failed') },
      c: { does: 'Critical path', run: () => toggle('path') },
      Escape: { does: 'Select nothing', run: () => go({ sel: undefined, words: { span: '' } }) },
    },
    'Trace',
  );
}
