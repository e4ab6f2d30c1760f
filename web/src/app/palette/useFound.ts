import { useEffect, useState } from 'react';
import { ApiError, ask, type Params } from '../../api/client';
import type { Objects, Row, Rows } from '../../api/types';
import { printMoment } from '../../time/moment';
import { readText, type Asked, type FoundObject } from './text';

export interface Found {
  objects: FoundObject[];
  /** More there are than were fetched. */
  more: boolean;
  loading: boolean;
  error?: ApiError;
}

const debounceMillis = 80;
/** Kinds that must not be crowded out: what people look for by the pods of a large namespace. */
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
    const show = (part: Found) => {
      if (!abort.signal.aborted) setFound({ ...part, of: key });
    };
    const timer = setTimeout(() => void findAll(asked, cluster, abort.signal, show), debounceMillis);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key, text, cluster]);
  if (readText(text).length === 0) return none;
  return found.of === key ? found : { ...found, loading: true };
}

/** Asks for the kinds that are mostly meant, shows what was found of them, then asks for all others, which takes longer where much is recorded. */
async function findAll(asked: Asked[], cluster: string, signal: AbortSignal, show: (part: Found) => void): Promise<void> {
  const [plain] = asked;
  const byName = plain && !plain.kind && !plain.uid ? plain : undefined;
  const quick: Params[] = asked.filter((one) => one !== byName).map((one) => ({ ...one, cluster, limit: 120 }));
  if (byName) quick.push({ ...byName, cluster, kind: workloads, limit: 80 }, { ...byName, cluster, kind: theirs, limit: 60 });
  let found = none;
  const add = (objects: FoundObject[], cut: boolean, loading: boolean) => {
    found = { objects: [...found.objects, ...objects], more: found.more || cut, loading };
    show(found);
  };
  try {
    for (const answer of await Promise.all(quick.map((one) => unlessUnknown(ask<Objects>('objects', one, signal)))))
      if (answer) add(answer.objects, answer.cut !== undefined, byName !== undefined);
    // Rows leave Events out, which are many, and named after what they are about: that is found itself.
    const others = byName && (await unlessUnknown(ask<Rows>('rows', { ...byName, cluster, limit: 120 }, signal)));
    add((others?.rows ?? []).filter((row) => !row.stub).map(entryOf), Boolean(others?.cut), false);
  } catch (error) {
    if (error instanceof ApiError) show({ ...found, loading: false, error });
  }
}

function entryOf(row: Row): FoundObject {
  return { ...row, ended: row.over ?? row.ended !== undefined, ...(row.ended ? { endedAt: printMoment(row.ended) } : {}), ...(row.last ? { lastSeen: printMoment(row.last) } : {}) };
}

/** Nothing where the server knows no such kind: a word may be no kind after all. */
async function unlessUnknown<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 404 || error.status === 400)) return undefined;
    throw error;
  }
}
