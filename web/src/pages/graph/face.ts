/** What is said of a card of the graph at a moment. Pure. */
import type { Lane } from '../../api/types';
import type { Card } from '../../layout/group';
import { isThere } from '../../layout/graph';
import { stateName, type StateName } from '../../theme/palette';
import type { Moment } from '../../time/moment';

/** What is said of a card at the cursor. */
export interface CardFace {
  state: StateName | undefined;
  text: string;
  /** Of a group: how many are in which state. */
  states: readonly (readonly [StateName, number])[];
  changes: number;
  failed: number;
  /** Over, or not there yet, at the cursor. */
  away: 'ended' | 'later' | '';
}

/** States in the order in which they are told: what is wrong first. */
const stateOrder: readonly StateName[] = ['bad', 'progressing', 'unknown', 'deleting', 'good', 'done', 'there', 'deleted'];

/** What a card says at a moment. */
export function faceFor(card: Card, at: Moment, lanes: ReadonlyMap<string, Lane>): CardFace {
  const face: CardFace = { state: undefined, text: '', states: [], changes: 0, failed: 0, away: '' };
  const counts = new Map<StateName | undefined, number>();
  for (const member of card.members) {
    const lane = lanes.get(member.key);
    const { changes, failed } = changesIn(lane);
    face.changes += changes;
    face.failed += failed;
    const told = stateAt(lane, at);
    counts.set(told?.state, (counts.get(told?.state) ?? 0) + 1);
    if (card.group) continue;
    face.state = told?.state;
    face.text = told?.text ?? '';
    if (!isThere(member, at)) face.away = member.to <= at ? 'ended' : 'later';
  }
  if (card.group) {
    face.states = stateOrder.flatMap((state) => (counts.get(state) ? [[state, counts.get(state) ?? 0] as const] : []));
    face.state = face.states[0]?.[0];
  }
  return face;
}

/** The state of an object at a moment; undefined: it is not known. */
export function stateAt(lane: Lane | undefined, at: Moment): { state: StateName; text: string } | undefined {
  const bar = lane?.bars?.findLast((b) => b.from <= at && (b.to === undefined || at < b.to));
  return bar && { state: stateName(bar.state), text: bar.text ?? bar.state };
}

/** How often an object changed in the window, and how much failed. */
export function changesIn(lane: Lane | undefined): { changes: number; failed: number } {
  if (!lane) return { changes: 0, failed: 0 };
  const marks = lane.marks?.filter((m) => (m.kind === 'revision' || m.kind === 'end') && !m.noop).length ?? 0;
  const binned = lane.bins?.reduce((sum, b) => sum + (b.changes ?? 0), 0) ?? 0;
  return { changes: marks + binned, failed: lane.failed ?? 0 };
}

/** A long name keeps its end, which tells the Pods of one owner apart. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = Math.min(6, Math.floor(most / 3));
  return `${text.slice(0, most - end - 1)}…${text.slice(-end)}`;
}
