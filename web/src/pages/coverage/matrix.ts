/** Gaps by resource and by reason: what the page draws. Pure. */
import type { Coverage, Gap, SeenResource } from '../../api/types';
import { compareReasons, holesOf, reasonOf, resourceOf, type Hole, type Reason } from '../../charts/holes';
import type { Window } from '../../time/moment';

/** How one resource was seen, or with an empty resource the whole of a cluster. */
export interface Row {
  cluster: string;
  /** As kubectl names it: "deployments.apps". */
  resource: string;
  seen?: SeenResource;
  gaps: Gap[];
}

/** The gaps of one reason. */
export interface ReasonGroup extends Reason {
  reason: string;
  /** Those that the answer has. */
  gaps: Gap[];
  /** The resources that they are about, each once; empty where they are about whole clusters. */
  resources: { cluster: string; resource: string }[];
  /** What is counted: resources, or gaps. */
  count: number;
}

/** What of an answer is shown. */
export interface Narrow {
  cluster: string;
  reason: string;
  /** Part of a resource's name. */
  text: string;
  holesOnly: boolean;
}

/** A gap that names many resources in one sentence. */
function isOfMany(gap: Gap): boolean {
  return !gap.scope.resource && (gap.reason === 'not-audited' || gap.reason === 'not-watched');
}

/** Whether a gap that is told of many resources is about this one. */
function isAbout(gap: Gap, seen: SeenResource): boolean {
  if (gap.scope.cluster !== seen.cluster) return false;
  return gap.reason === 'not-audited' ? !seen.audited : !seen.watched;
}

/** The clusters, each followed by its resources: those with the worst gaps first, then by name. */
export function rowsOf(coverage: Coverage): Row[] {
  const rows = new Map<string, Row>();
  const at = (cluster: string, resource: string): Row => {
    const key = `${cluster}\n${resource}`;
    const row = rows.get(key) ?? { cluster, resource, gaps: [] };
    rows.set(key, row);
    return row;
  };
  const known = coverage.resources ?? [];
  for (const seen of known) {
    at(seen.cluster, '');
    at(seen.cluster, nameOf(seen)).seen = seen;
  }
  for (const gap of coverage.gaps ?? []) {
    if (!isOfMany(gap) || known.length === 0) at(gap.scope.cluster, resourceOf(gap)).gaps.push(gap);
    else for (const seen of known) if (isAbout(gap, seen)) at(seen.cluster, nameOf(seen)).gaps.push(ofOne(gap, seen));
  }
  return [...rows.values()].sort(
    (a, b) => a.cluster.localeCompare(b.cluster) || Number(a.resource !== '') - Number(b.resource !== '') || worst(a) - worst(b) || a.resource.localeCompare(b.resource),
  );
}

function nameOf(seen: SeenResource): string {
  return seen.group ? `${seen.resource}.${seen.group}` : seen.resource;
}

/** The gap as it is told of one of many resources. */
function ofOne(gap: Gap, seen: SeenResource): Gap {
  const name = nameOf(seen);
  const { count: _count, ...rest } = gap;
  void _count;
  const sentence =
    gap.reason === 'not-audited'
      ? `No audited write to ${name} was recorded in this window: there was none, or the audit policy leaves it out.`
      : `No watch or list of ${name} was recorded: its states are known from audited answers only.`;
  return { ...rest, scope: { cluster: seen.cluster, ...(seen.group ? { group: seen.group } : {}), resource: seen.resource }, sentence };
}

const weights = ['hole', 'thin', 'note', 'edge'];

function worst(row: Row): number {
  return Math.min(weights.length, ...row.gaps.map((gap) => weights.indexOf(reasonOf(gap.reason).weight)));
}

/** The rows that are asked for; clusters stay as heads of theirs. */
export function narrowedRows(rows: readonly Row[], narrow: Narrow): Row[] {
  const text = narrow.text.trim().toLowerCase();
  return rows
    .filter((row) => !narrow.cluster || row.cluster === narrow.cluster)
    .map((row) => (narrow.reason ? { ...row, gaps: row.gaps.filter((gap) => gap.reason === narrow.reason) } : row))
    .filter((row) => {
      if (row.resource === '') return true;
      if (text && !row.resource.toLowerCase().includes(text)) return false;
      return !(narrow.holesOnly || narrow.reason) || row.gaps.length > 0;
    });
}

/** The gaps of all rows by reason, in the order in which reasons matter. */
export function reasonsOf(rows: readonly Row[], cluster = ''): ReasonGroup[] {
  const groups = new Map<string, Gap[]>();
  for (const row of rows) {
    if (cluster && row.cluster !== cluster) continue;
    for (const gap of row.gaps) groups.set(gap.reason, [...(groups.get(gap.reason) ?? []), gap]);
  }
  return [...groups]
    .sort(([a], [b]) => compareReasons(a, b))
    .map(([reason, gaps]) => {
      const named = new Map(gaps.filter((gap) => gap.scope.resource).map((gap) => [`${gap.scope.cluster}/${resourceOf(gap)}`, { cluster: gap.scope.cluster, resource: resourceOf(gap) }]));
      const resources = [...named.values()];
      return { ...reasonOf(reason), reason, gaps, resources, count: resources.length > 0 ? resources.length : gaps.length };
    });
}

/** What is drawn of a row: its own holes and those of its whole cluster, which take something from every resource. */
export function holesOfRow(row: Row, cluster: Row | undefined, window: Window): Hole[] {
  const own = holesOf(row.gaps, window);
  if (!cluster || cluster === row) return own;
  return [...holesOf(cluster.gaps, window).filter((hole) => hole.weight !== 'note'), ...own];
}

/** What can be said of a whole answer, no more than it says itself. */
export function verdictOf(coverage: Coverage, groups: readonly ReasonGroup[]): { complete: boolean; text: string } {
  if (coverage.complete) return { complete: true, text: 'Everything was seen.' };
  const count = (weight: Reason['weight']) => groups.filter((group) => group.weight === weight).reduce((sum, group) => sum + group.gaps.length, 0);
  const [holes, thin] = [count('hole'), count('thin')];
  if (holes === 0 && thin === 0) return { complete: false, text: 'No hole is known in this window, and nothing proves that there is none.' };
  const words = [];
  if (holes > 0) words.push(`facts are missing in ${holes === 1 ? 'one hole' : `${holes} holes`}`);
  if (thin > 0) words.push(`less is known of ${thin === 1 ? 'one resource' : `${thin} resources`}`);
  const text = `${words.join('; ')}.`;
  return { complete: false, text: text.charAt(0).toUpperCase() + text.slice(1) };
}
