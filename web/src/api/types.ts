/** The answers of /api/v1, as docs/api.md and the Go package engine have them. What this page does not use is left out. */
export * from './drawn';

export type Certainty = 'exact' | 'inferred' | 'candidates' | 'assumed unchanged' | 'unknown';

export interface Ref {
  cluster: string;
  group?: string;
  version?: string;
  kind?: string;
  resource?: string;
  namespace?: string;
  name?: string;
  uid?: string;
}

export interface When {
  at?: string;
  notBefore?: string;
  notAfter?: string;
  basis?: string;
}

export interface Actor {
  user?: string;
  impersonator?: string;
  groups?: string[];
  userAgent?: string;
  fieldManager?: string;
  sourceIPs?: string[];
}

export interface Request {
  id: string;
  auditID: string;
  stage: string;
  level: string;
  verb: string;
  subresource?: string;
  uri: string;
  code?: number;
  reason?: string;
  message?: string;
  causes?: { field?: string; reason?: string; message?: string }[];
  actor: Actor;
  receivedAt: string;
  latencyMs: number;
  dryRun?: boolean;
  annotations?: Record<string, string>;
  sent?: unknown;
  sentKind?: string;
  notes?: string[];
}

export interface Maker {
  certainty: Certainty;
  request?: Request;
  candidates?: Request[];
  actor?: Actor;
  evidence: string[];
}

export interface Gap {
  reason: string;
  scope: Ref;
  from?: string;
  to?: string;
  fromResourceVersion?: string;
  toResourceVersion?: string;
  count?: number;
  sentence: string;
}

export interface Coverage {
  complete: boolean;
  gaps: Gap[];
  cut?: number;
  /** How each resource was seen; of the question coverage alone. */
  resources?: SeenResource[];
}

export interface SeenResource {
  cluster: string;
  group?: string;
  resource: string;
  watched?: boolean;
  audited?: boolean;
  levels?: string[];
}

export interface Info {
  version: string;
  data?: string;
  clusters: ClusterInfo[];
  diskBytes: number;
}

export interface ClusterInfo {
  name: string;
  first?: string;
  last?: string;
  incarnations?: string[];
  epochs: number;
  objects: number;
}

export interface Objects {
  objects: ObjectEntry[];
  total: number;
  cut?: string;
  cursor?: string;
  coverage?: Coverage;
}

export interface ObjectEntry extends Ref {
  createdAt?: string;
  firstSeen?: string;
  lastSeen?: string;
  endedAt?: string;
  ended: boolean;
  firstResourceVersion?: string;
  lastResourceVersion?: string;
  revisions: number;
  labels?: Record<string, string>;
}

export interface History {
  object: Ref;
  lives: Life[];
  entries: Entry[];
  cut?: string;
  cursor?: string;
  coverage: Coverage;
}

export interface Life {
  uid: string;
  createdAt?: string;
  ended?: When;
  revisions: number;
}

export type EntryKind = 'revision' | 'request' | 'event' | 'end' | 'gap' | 'span';

export interface Entry {
  id: string;
  kind: EntryKind;
  when: When;
  uid?: string;
  summary: string;
  actor?: Actor;
  verb?: string;
  subresource?: string;
  code?: number;
  certainty?: Certainty;
  revision?: Revision;
  request?: Request;
  event?: KubeEvent;
  end?: { resourceVersion?: string; maker: Maker; sources: string[] };
  gap?: Gap;
  span?: ForeignSpan;
  spans?: ForeignSpan[];
  spansLeft?: number;
}

export interface Revision {
  resourceVersion: string;
  epoch?: number;
  partial?: string;
  conflict?: boolean;
  sources: string[];
  maker: Maker;
  changes: Change[] | null;
  first?: boolean;
}

export interface Change {
  path: string;
  op: 'add' | 'remove' | 'change' | 'move';
  from?: unknown;
  to?: unknown;
  match?: string;
  note?: string;
}

export interface KubeEvent {
  name: string;
  uid: string;
  type: string;
  reason: string;
  note: string;
  action?: string;
  source?: string;
  regarding: Ref;
  fieldPath?: string;
  firstSeen: string;
  lastSeen: string;
  count: number;
  states?: number;
  matched: string;
}

export interface ForeignSpan {
  id: string;
  form: string;
  traceID?: string;
  spanID?: string;
  parentID?: string;
  service?: string;
  scope?: string;
  name?: string;
  kind?: string;
  status?: string;
  severity?: string;
  text?: string;
  start: string;
  end?: string;
  attributes?: Record<string, string>;
  resource?: Record<string, string>;
  auditID?: string;
  objects?: Ref[];
  key?: string;
  notes?: string[];
}

export interface State {
  object: Ref;
  manifest: unknown;
  resourceVersion: string;
  when: When;
  certainty: Certainty;
  reason?: string;
  next?: { resourceVersion: string; when: When };
  assumed?: string[];
  conflict?: boolean;
  coverage: Coverage;
}

/** A state that a diff names: without its manifest, and the coverage is that of the diff. */
export interface StateOfDiff extends Omit<State, 'coverage'> {
  coverage: null;
}

export interface Diff {
  object: Ref;
  from?: StateOfDiff;
  to: StateOfDiff;
  changes: Change[];
  folded: number;
  makers?: Maker[];
  cut?: string;
  coverage: Coverage;
}

export interface Blame {
  object: Ref;
  resourceVersion: string;
  when: When;
  fields: Blamed[];
  coverage: Coverage;
}

export interface Blamed {
  path: string;
  value: unknown;
  since?: When;
  before?: When;
  resourceVersion?: string;
  actor?: Actor;
  manager?: string;
  operation?: string;
  webhook?: string;
  verb?: string;
  subresource?: string;
  requestID?: string;
  certainty: Certainty;
  reason: string;
}

export interface Hit {
  id: string;
  kind: EntryKind;
  when: When;
  object: Ref;
  summary: string;
  actor?: Actor;
  request?: Request;
  resourceVersion?: string;
  event?: KubeEvent;
  gap?: Gap;
  span?: ForeignSpan;
  cursor?: string;
}

export interface SearchEnd {
  hits: number;
  scanned: number;
  unknown: number;
  failed?: number;
  firstFail?: string;
  cut?: string;
  cursor?: string;
  coverage: Coverage;
}

export interface LinkEnd extends Ref {
  stub?: boolean;
  endedAt?: string;
  ended?: boolean;
}

export interface Link {
  type: string;
  rule: string;
  parent: LinkEnd;
  child: LinkEnd;
  controller?: boolean;
  since?: When;
  until?: When;
  field?: string;
  certainty: Certainty;
  reason?: string;
}

/** A place in an object's state that should name others, and can not be read. */
export interface Unread {
  field: string;
  reason: string;
}

export interface Links {
  object: Ref;
  links: Link[];
  unread?: Unread[];
  cut?: string;
  pending?: string;
  coverage: Coverage;
}

export interface TreeNode extends LinkEnd {
  parent: number;
  depth: number;
  asked?: boolean;
  via?: Link;
  others?: Link[];
  createdAt?: string;
  firstSeen?: string;
  lastSeen?: string;
  left?: number;
}

export interface Tree {
  object: Ref;
  nodes: TreeNode[];
  cut?: string;
  pending?: string;
  coverage: Coverage;
}

export interface Fields {
  fields: { name: string; type: string; doc: string }[];
}

export interface Services {
  services: string[];
  operations: string[];
}

/** What the page's server tells of itself: /ui/config.json. */
export interface ServerConfig {
  version: string;
  jaeger: string;
  live: boolean;
}

/** What a problem document (RFC 9457) says. */
export interface Problem {
  title?: string;
  detail?: string;
  status?: number;
  kind?: 'bad-question' | 'not-found' | 'ambiguous' | 'not-covered' | 'too-much';
  column?: number;
  line?: number;
  candidates?: string[];
  coverage?: Coverage;
}

/** /api/v1/trace. */
export interface Trace {
  traceID: string;
  spans: TraceSpan[];
  notes?: string[];
  object: Ref;
  mode: string;
  modifier?: string;
  from: string;
  to: string;
  cut?: string;
  pending?: string;
  coverage: Coverage;
}

export interface TraceSpan {
  spanID: string;
  parentSpanID: string;
  service: string;
  name: string;
  start: string;
  end: string;
  attrs?: Attr[];
  events?: { at: string; name: string; attrs?: Attr[] }[];
  links?: { traceID: string; spanID: string; attrs?: Attr[] }[];
  failed?: boolean;
  status?: string;
}

export interface Attr {
  key: string;
  value: string | number | boolean;
}
