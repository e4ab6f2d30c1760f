import { useState } from 'react';
import type { Activity } from '../../api/types';
import { useAnswer, type Answer } from '../../api/useAnswer';
import { printMoment, type Window } from '../../time/moment';
import type { View } from '../../url/state';
import { extentOf, spanOf } from './extent';

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
  const extent = recorded && extentOf(spanOf(view.words['span'], chosen, recorded), chosen, recorded);
  const { cluster } = view.set;
  const over = (window: Window) => ({ cluster, from: printMoment(window.from), to: printMoment(window.to) });
  const chart = useAnswer<Activity>('activity', extent && { ...over(extent), bins, top: chosen ? 1 : top }, version);
  const narrowed = useAnswer<Activity>('activity', chosen && { ...over(chosen), bins: 1, top }, version);
  const lists: Answer<Activity> = chosen ? narrowed : chart;
  return { chart, lists, drawn: { setBins } satisfies Drawn };
}
