/** What a timeline and whoever mounts it tell each other. */
import type { Row } from '../api/drawn';
import type { Moment, Window } from '../time/moment';
import type { LoadLanes } from './lanestore';
import type { Line } from './rows';

/** What is selected: a record of an object, or with an empty id the object. */
export interface Selected {
  cluster: string;
  uid: string;
  id: string;
}

/** What a timeline tells whoever mounted it. It never changes these by itself but for the window, which answers the hand at once. */
export interface TimelineEvents {
  /** The window moved; settled: it stays there. jump: somebody chose it, rather than moved to it. */
  window: (window: Window, how: { settled: boolean; jump: boolean }) => void;
  cursor: (at: Moment) => void;
  select: (selected: Selected | undefined) => void;
  /** Enter on a row. */
  enter: (row: Row) => void;
  follow: (row: Row, event: MouseEvent) => void;
  toggle: (what: 'fold' | 'open' | 'pin', key: string) => void;
  /** Why rows in view have no answer; empty as soon as they have. */
  failed?: (why: string) => void;
  menu: (line: Line, row: Row | undefined, at: DOMRect) => void;
}

export interface TimelineOptions {
  load: LoadLanes;
  href: (row: Row) => string | undefined;
  on: TimelineEvents;
  label?: string;
  /** Entries of lanes that are kept; see LaneStore. */
  maxWeight?: number;
}
