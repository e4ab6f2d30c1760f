import { useEffect, useMemo, useState } from 'react';
import { ApiError } from '../../api/client';
import type { Window } from '../../time/moment';
import type { View } from '../../url/state';
import { gather, type GraphAnswer } from './gather';
import { listOf, windowWords } from './words';

interface GraphState {
  answer?: GraphAnswer;
  error?: ApiError;
  /** Questions still to be answered. */
  waiting: number;
  stale: boolean;
  retry: () => void;
}

interface State {
  /** The question that the answer, or the error, belongs to; and the part of it without window and version. */
  asked: string;
  of: string;
  /** All of the answer is there. */
  whole: boolean;
  answer?: GraphAnswer;
  error?: ApiError;
  waiting: number;
}

/** Asks for all that the graph of a view is made of, and shows it as it comes in. */
export function useGraph(view: View, window: Partial<Window>, version: number): GraphState {
  const { set } = view;
  const more = view.words['more'];
  const of = set.object || set.namespace ? JSON.stringify([set.cluster, set.namespace, set.object, set.up, set.down, set.siblings, more]) : '';
  const asked = useMemo(() => of && JSON.stringify([of, windowWords(window), version]), [of, window, version]);
  const [state, setState] = useState<State>({ asked: '', of: '', whole: false, waiting: 0 });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (!asked) return;
    const abort = new AbortController();
    const tell = (answer: GraphAnswer, waiting: number) => {
      if (abort.signal.aborted) return;
      // What was whole stays until it is whole again: while a window follows, cards would come and go with every fact.
      setState((before) => (waiting > 0 && before.whole && before.of === of ? before : { asked, of, whole: waiting === 0, answer, waiting }));
    };
    gather(set, window, listOf(more), abort.signal, tell).catch((error: unknown) => {
      if (abort.signal.aborted) return;
      const told = error instanceof ApiError ? error : new ApiError(0, { detail: String(error) });
      setState((before) => ({ asked, of, whole: before.whole && before.of === of, error: told, waiting: 0, ...(before.of === of && before.answer ? { answer: before.answer } : {}) }));
    });
    return () => abort.abort();
    // asked says all of set, window and more that the graph depends on.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [asked, tries]);
  const current = state.asked === asked;
  const follows = view.follow !== undefined && state.whole && state.of === of;
  return {
    ...(state.answer && asked ? { answer: state.answer } : {}),
    ...(current && state.error ? { error: state.error } : {}),
    waiting: current ? state.waiting : asked && !follows ? 1 : 0,
    stale: !current && !follows,
    retry: () => setTries(tries + 1),
  };
}
