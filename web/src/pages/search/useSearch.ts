import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError, urlOf, type Params } from '../../api/client';
import { askLines } from '../../api/stream';
import type { Hit, Problem, SearchEnd } from '../../api/types';

/** A search as its hits come in. */
export interface Found {
  /** The question that the hits belong to. */
  url: string;
  hits: Hit[];
  /** What the last page ended with; absent while hits come in. */
  end?: SearchEnd;
  /** Records looked at, and of these those that the filter could not tell or failed on. */
  scanned: number;
  unknown: number;
  failed: number;
  error?: ApiError;
  /** Hits come in. */
  running: boolean;
}

type Line = Hit | { end: SearchEnd } | { error: Problem };

const nothing: Found = { url: '', hits: [], scanned: 0, unknown: 0, failed: 0, running: false };

/** Most hits that are kept, to a page more: more than anybody reads, less than a browser's memory. No more are loaded then. */
export const mostHits = 20_000;

/**
 * Searches, showing hits as they come in; the search before is cancelled. What it found stays until the first hit of the new one, or its end.
 * turn: raised to ask the same again.
 */
export function useSearch(params: Params | undefined, turn: number) {
  const [found, setFound] = useState<Found>(nothing);
  const abort = useRef<AbortController | undefined>(undefined);
  const url = params ? urlOf('search', params) : '';
  const latest = useRef(params);
  useEffect(() => {
    latest.current = params;
  });

  const run = useCallback((question: Params, base: Found) => {
    abort.current?.abort();
    const own = new AbortController();
    abort.current = own;
    setFound((before) => ({ ...withoutError(base.hits.length > 0 ? base : before), running: true }));
    void gather(question, base, own.signal, (next) => {
      // A filter that can not be asked takes nothing away: what was found before stays, dimmed.
      if (!own.signal.aborted) setFound((before) => (next.error?.problem.kind === 'bad-question' ? { ...next, hits: before.hits } : next));
    });
  }, []);

  useEffect(() => {
    if (latest.current && url) run(latest.current, { ...nothing, url });
    return () => abort.current?.abort();
  }, [url, turn, run]);

  const cursor = found.end?.cursor;
  const more = useCallback(() => {
    if (!latest.current || !cursor || found.running || found.url !== url || found.hits.length >= mostHits) return;
    run({ ...latest.current, cursor }, found);
  }, [cursor, found, run, url]);
  return { found: url ? found : nothing, more, stale: url !== '' && found.url !== url, wrong: found.url === url && found.error?.problem.kind === 'bad-question' };
}

function withoutError({ error: _error, ...found }: Found): Found {
  void _error;
  return found;
}

/** Reads a page of hits behind those of base; tells what is there at most once a frame. */
async function gather(question: Params, base: Found, signal: AbortSignal, tell: (found: Found) => void): Promise<void> {
  const hits = [...base.hits];
  let told = 0;
  const now = (rest: Partial<Found>): Found => ({ url: base.url, hits: [...hits], scanned: base.scanned, unknown: base.unknown, failed: base.failed, running: true, ...rest });
  try {
    for await (const line of askLines<Line>('search', question, signal)) {
      if ('error' in line) throw new ApiError(line.error.status ?? 500, line.error);
      if ('end' in line) return tell(now(endOf(base, line.end)));
      hits.push(line);
      if (performance.now() - told < 60) continue;
      told = performance.now();
      tell(now({}));
    }
    throw new ApiError(0, { title: 'The answer broke off', detail: 'The answer broke off before its end. What came is shown.' });
  } catch (error) {
    if (signal.aborted) return;
    tell(now({ running: false, error: error instanceof ApiError ? error : new ApiError(0, { detail: String(error) }) }));
  }
}

function endOf(base: Found, end: SearchEnd): Partial<Found> {
  // Pages look at many records again: what the longest look counted is said.
  const most = (before: number, now = 0) => Math.max(before, now);
  return { end, running: false, scanned: most(base.scanned, end.scanned), unknown: most(base.unknown, end.unknown), failed: most(base.failed, end.failed) };
}
