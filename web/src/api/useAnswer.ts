import { useCallback, useEffect, useState } from 'react';
import { ApiError, ask, remembered, urlOf, type Params } from './client';

/** An answer as it comes in. */
export interface Answer<T> {
  /** The newest that is there; while loading, and after an error, it may be that of a question before (stale). */
  data?: T;
  error?: ApiError;
  loading: boolean;
  stale: boolean;
  retry: () => void;
}

interface Got<T> {
  url: string;
  turn: number;
  error?: ApiError;
  /** The newest answer, and the question that it answers: after an error another one than this. */
  last?: { url: string; data: T };
}

/**
 * Asks a question, again whenever its parameters change or version does (which live data raises); the question before is cancelled. With params
 * undefined nothing is asked.
 */
export function useAnswer<T>(question: string, params: Params | undefined, version = 0): Answer<T> {
  const url = params ? urlOf(question, params) : '';
  const [got, setGot] = useState<Got<T>>({ url: '', turn: -1 });
  const [tries, setTries] = useState(0);
  const retry = useCallback(() => setTries((n) => n + 1), []);
  const turn = version * 1000 + tries;

  useEffect(() => {
    if (!params) return;
    const abort = new AbortController();
    ask<T>(question, params, abort.signal).then(
      (data) => {
        if (!abort.signal.aborted) setGot({ url, turn, last: { url, data } });
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const told = error instanceof ApiError ? error : new ApiError(0, { detail: String(error) });
        setGot((before) => ({ url, turn, error: told, ...(before.last && { last: before.last }) }));
      },
    );
    return () => abort.abort();
    // The URL says all of question and params.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [url, turn]);

  const current = got.url === url && got.turn === turn;
  const known = url ? ((got.last?.url === url ? got.last.data : undefined) ?? (remembered(url) as T | undefined)) : undefined;
  const data = known ?? got.last?.data;
  return {
    ...(data === undefined || !url ? {} : { data }),
    ...(current && got.error ? { error: got.error } : {}),
    loading: url !== '' && !current,
    stale: url !== '' && known === undefined && data !== undefined,
    retry,
  };
}
