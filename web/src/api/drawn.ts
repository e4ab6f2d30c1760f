/** The answers that pictures are drawn from: the Go file engine/timeline.go. */
import type { Moment } from '../time/moment';
import type { Coverage, Entry, EntryKind, Ref, When } from './types';

export interface Rows {
  from: Moment;
  to: Moment;
  rows: Row[];
  total: number;
  cut?: string;
  pending?: string;
  /** Absent: none is known. */
  refused?: Refusals;
  coverage: Coverage;
}

/** What was asked for and never made. */
export interface Refusals {
  names: Refused[] | null;
  total: number;
  cut?: string;
}

/** One name of which every create failed; without a name all such creates of a resource, in a namespace, by a user, for an owner. */
export interface Refused extends Ref {
  owner?: Ref;
  code: number;
  reason?: string;
  message?: string;
  users: string[] | null;
  more?: number;
  count: number;
  first: Moment;
  last: Moment;
}

export interface Row extends Ref {
  parent: number;
  via?: string;
  stub?: boolean;
  created?: Moment;
  ended?: Moment;
  over?: boolean;
  first?: Moment;
  last?: Moment;
}

export interface Lanes {
  from: Moment;
  to: Moment;
  bin: number;
  lanes: Lane[];
}

export interface Lane {
  uid: string;
  error?: string;
  bars: Bar[] | null;
  marks: Mark[] | null;
  bins?: LaneBin[];
  unknown?: Stretch[];
  derived?: Derived[];
  records: number;
  failed?: number;
  cut?: string;
}

export interface Bar {
  from: Moment;
  to?: Moment;
  early?: Moment;
  /** It may have begun before from, by states before the window that were not read. */
  earlier?: boolean;
  state: string;
  text?: string;
  id?: string;
  rv?: string;
  n?: number;
  soft?: string;
}

export interface Mark {
  id: string;
  at: Moment;
  until?: Moment;
  kind: EntryKind;
  verb?: string;
  sub?: string;
  code?: number;
  failed?: boolean;
  severity?: string;
  who?: string;
  text?: string;
  noop?: boolean;
}

export interface LaneBin {
  bin: number;
  changes?: number;
  reads?: number;
  failed?: number;
  normal?: number;
  warning?: number;
  spans?: number;
  gaps?: number;
}

export interface Stretch {
  from?: Moment;
  to?: Moment;
  reason: string;
  sentence: string;
}

export interface Derived {
  group: string;
  name: string;
  bars?: Bar[];
  steps?: Step[];
  max?: number;
}

export interface Step {
  at: Moment;
  value: number;
  wanted?: number;
}

export interface OneEntry {
  object: Ref;
  entry: Entry;
  before?: EntryRef;
  after?: EntryRef;
}

export interface EntryRef {
  id: string;
  resourceVersion: string;
  when: When;
}

export interface Activity {
  from: Moment;
  to: Moment;
  bin: number;
  bins: LaneBin[];
  records: number;
  objects: (Ref & { changes: number; failed?: number; warning?: number; last?: Moment })[];
  people: { object: Ref; mark: Mark }[];
  actors: { user: string; person?: boolean; changes: number; failed?: number; last?: Moment }[];
  errors: ErrorSource[];
  cut?: string;
  coverage: Coverage;
}

export interface ErrorSource {
  user?: string;
  cluster: string;
  group?: string;
  resource?: string;
  verb: string;
  code: number;
  reason?: string;
  count: number;
  last: Moment;
  example?: string;
  object?: Ref;
  message?: string;
}

export interface Failing {
  from: Moment;
  to: Moment;
  objects: FailingObject[];
  cut?: string;
  coverage: Coverage;
}

export interface FailingObject extends Ref {
  text: string;
  since: Moment;
  /** When it had certainly begun, where that is more than a second behind since. */
  certain?: Moment;
  until?: Moment;
  over?: boolean;
  change?: Mark;
  events?: number;
}

export interface Tick {
  number: number;
  newest: Record<string, Moment>;
  added: number;
}
