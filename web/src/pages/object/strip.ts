/** What the strip over an object's life shows, from the lanes question, or from its history where that is not answered. */
import type { Bar, Entry, Lane, LaneBin, Mark, Stretch } from '../../api/types';
import { parseMoment, type Moment, type Window } from '../../time/moment';
import { isFailed, momentOf, sortOf } from './history';

export interface Strip {
  window: Window;
  bars: readonly Bar[];
  marks: readonly Mark[];
  bins: readonly LaneBin[];
  /** Microseconds of one bin. */
  bin: number;
  unknown: readonly Stretch[];
}

/** The strip of a lane. */
export function stripOfLane(lane: Lane, window: Window, bin: number): Strip {
  return { window, bin, bars: lane.bars ?? [], marks: lane.marks ?? [], bins: lane.bins ?? [], unknown: lane.unknown ?? [] };
}

/** The strip of a history: states without a meaning of their own, each until the next. */
export function stripOfHistory(entries: readonly Entry[], window: Window): Strip {
  const strip = { window, bin: 0, bars: [] as Bar[], marks: [] as Mark[], bins: [], unknown: [] as Stretch[] };
  for (const entry of entries) {
    const at = momentOf(entry.when);
    const open = strip.bars.at(-1);
    if (entry.kind === 'gap' && entry.gap) {
      const { from, to, reason, sentence } = entry.gap;
      const [start, end] = [parseMoment(from), parseMoment(to)];
      strip.unknown.push({ reason, sentence, ...(start === undefined ? {} : { from: start }), ...(end === undefined ? {} : { to: end }) });
    }
    if (at === undefined || entry.kind === 'gap') continue;
    if (sortOf(entry) === 'changes') {
      if (open && !open.to) open.to = at;
      if (entry.kind === 'revision') strip.bars.push({ from: at, state: 'there', id: entry.id, ...(entry.certainty && entry.certainty !== 'exact' ? { soft: entry.certainty } : {}) });
    }
    strip.marks.push(markOf(entry, at));
  }
  return strip;
}

function markOf(entry: Entry, at: Moment): Mark {
  return {
    id: entry.id, at, kind: entry.kind, text: entry.summary,
    ...(entry.verb ? { verb: entry.verb } : {}), ...(isFailed(entry) ? { failed: true } : {}), ...(entry.event ? { severity: entry.event.type } : {}),
  };
}

/** The state in force at a moment. */
export function stateAt(lane: Lane | undefined, at: Moment | undefined): Bar | undefined {
  if (!lane?.bars || at === undefined) return undefined;
  return lane.bars.findLast((bar) => bar.from <= at) ?? undefined;
}
