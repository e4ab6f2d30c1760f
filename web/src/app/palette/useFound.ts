import { useEffect, useState } from 'react';
import { ApiError, ask } from '../../api/client';
import type { ObjectEntry, Objects } from '../../api/types';
import { readText, type Asked } from './text';

export interface Found {
  objects: ObjectEntry[];
  /** More there are than were fetched. */
  more: boolean;
  loading: boolean;
  error?: ApiError;
}

const debounceMillis = 80;
/** Kinds that must not be crowded out: what people look for by the pods of a large namespace, and these by its Events. */
const workloads = 'deploy,sts,ds,job,cj,svc,ing,ns,no,cm';
const theirs = 'po,rs';
const none: Found = { objects: [], more: false, loading: false };

/** The objects that text may mean, of all clusters or one; asked as somebody types, with what was asked before cancelled. */
export function useFound(text: string, cluster: string): Found {
  const [found, setFound] = useState<Found & { of: string }>({ ...none, of: '' });
  const key = `${cluster}\n${text.trim()}`;
  useEffect(() => {
    const asked = readText(text);
    if (asked.length === 0) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      findAll(asked, cluster, abort.signal).then(
        (got) => setFound({ ...got, loading: false, of: key }),
        (error: unknown) => {
          if (!abort.signal.aborted) setFound({ ...none, of: key, ...(error instanceof ApiError ? { error } : {}) });
        },
      );
    }, debounceMillis);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key, text, cluster]);
  if (readText(text).length === 0) return none;
  return found.of === key ? found : { ...found, loading: true };
}

async function findAll(asked: Asked[], cluster: string, signal: AbortSignal): Promise<{ objects: ObjectEntry[]; more: boolean }> {
  const [plain] = asked;
  const questions = asked.map((one) => ({ ...one, limit: 120 }));
  const byName = plain && !plain.kind && !plain.uid;
  if (byName) questions.unshift({ ...plain, kind: workloads, limit: 80 }, { ...plain, kind: theirs, limit: 60 });
  const answers = await Promise.all(questions.map((one) => findOne({ ...one, cluster }, signal)));
  const objects = answers.flatMap((a) => a?.objects ?? []);
  // Events are named after what they are about, which is found itself.
  return { objects: byName ? objects.filter((o) => o.kind !== 'Event') : objects, more: answers.some((a) => a?.cut !== undefined) };
}

/** Nothing where the server knows no such kind: a word may be no kind after all. */
async function findOne(params: Asked & { cluster: string; limit: number }, signal: AbortSignal): Promise<Objects | undefined> {
  try {
    return await ask<Objects>('objects', { ...params }, signal);
  } catch (error) {
    if (error instanceof ApiError && (error.status === 404 || error.status === 400)) return undefined;
    throw error;
  }
}
