import { useMemo } from 'react';
import { useLive } from '../api/live';
import type { Lanes, ObjectEntry, Objects, OneEntry } from '../api/types';
import { useAnswer, type Answer } from '../api/useAnswer';
import { useSeen } from '../parts';
import { parseMoment, printMoment, type Window } from '../time/moment';
import type { Selection, View } from '../url/state';

/** The record that is selected. */
export function useEntry(sel: Selection | undefined): Answer<OneEntry> {
  return useAnswer<OneEntry>('entry', sel?.id ? { cluster: sel.cluster, uid: sel.uid, id: sel.id } : undefined);
}

/** The object that is selected, with how far its life was recorded. */
export function useObject(sel: Selection | undefined): Answer<Objects> {
  const { version } = useLive();
  return useAnswer<Objects>('objects', sel && !sel.id ? { cluster: sel.cluster, uid: sel.uid, limit: 1 } : undefined, version);
}

/** Columns that a summary's lane is asked in; it counts, so few do. */
const bins = 240;

/** What the lane of an object says over its life, or over the window where that is shorter. */
export function useLane(sel: Selection | undefined, object: ObjectEntry | undefined, view: View): Answer<Lanes> & { window: Partial<Window> } {
  const seen = useSeen(view);
  const window = useMemo(() => {
    const from = seen.from ?? parseMoment(object?.firstSeen);
    const to = seen.to ?? endOf(object);
    return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  }, [seen.from, seen.to, object]);
  const ready = sel && object && window.from !== undefined && window.to !== undefined && window.from < window.to;
  const { version } = useLive();
  const answer = useAnswer<Lanes>('lanes', ready ? { cluster: sel.cluster, uid: [sel.uid], from: print(window.from), to: print(window.to), bins } : undefined, version);
  return { ...answer, window };
}

function endOf(object: ObjectEntry | undefined): number | undefined {
  const last = parseMoment(object?.endedAt) ?? parseMoment(object?.lastSeen);
  return last === undefined ? undefined : last + 1;
}

function print(at: number | undefined): string {
  return at === undefined ? '' : printMoment(at);
}
