import { useState } from 'react';
import type { Activity } from '../../api/types';
import { useAnswer } from '../../api/useAnswer';
import { printMoment, type Window } from '../../time/moment';
import type { View } from '../../url/state';
import { extentOf, spanOf } from './extent';
import { useStaged, type Staged } from './useCalm';

/** How many lines the lists may show at most. */
const top = 30;

/** How the chart tells how wide it is. */
export interface Drawn {
  setBins: (bins: number) => void;
}

/**
 * The activity that the chart draws, over its own extent, and that which the lists tell of, over the chosen window: one question where these are the same.
 */
export function useActivity(view: View, recorded: Window | undefined, chosen: Window | undefined, version: number) {
  const [bins, setBins] = useState(200);
  const { cluster } = view.set;
  const span = recorded && spanOf(view.words['span'], chosen, recorded);
  const inside = !chosen || (recorded && chosen.from >= recorded.from && chosen.to <= recorded.to);
  // All that is recorded needs no ends: facts that come in do not make it another question.
  const extent = recorded && span && (span === 'all' && inside ? {} : over(extentOf(span, chosen, recorded)));
  const chart = useStaged<Activity>('activity', extent && { cluster, ...extent, bins, top: chosen ? 1 : top }, recorded, chosen !== undefined, version);
  const narrowed = useAnswer<Activity>('activity', chosen && { cluster, ...over(chosen), bins: 1, top }, version);
  const lists: Staged<Activity> = chosen ? narrowed : chart;
  return { chart, lists, drawn: { setBins } satisfies Drawn };
}

function over(window: Window) {
  return { from: printMoment(window.from), to: printMoment(window.to) };
}
