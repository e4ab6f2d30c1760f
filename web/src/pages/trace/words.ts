/**
 * The words of /trace in the URL, beside the set (whose object is asked for), window, cursor and selection:
 * id (a trace ID instead of an object), mode, modifier, fullLife, verbose, reads: the question;
 * find (a text), failed (only what failed), path (the critical path), depth (open so far), fold (spans opened or closed against that, by ID),
 * zoom (what of the window is shown, FROM~TO), span (a selected row that is no record and no object), side (span: the right side shows the span).
 */
import type { Params } from '../../api/client';
import type { Attr } from '../../api/types';
import { roles, type Spans } from '../../gantt/spans';
import { textOf } from '../../gantt/attrs';
import { rootOf } from '../../parts/objectView';
import type { Pick } from '../../gantt/hit';
import { parseMoment, printMoment, type Window } from '../../time/moment';
import type { View } from '../../url/state';
import type { ViewChange } from '../../url/useView';

/** The question of a view; undefined: it names no object. window: the one in force, where the view follows now. */
export function questionOf(view: View, window: Partial<Window>): Params | undefined {
  const { set, words } = view;
  const how = {
    mode: words['mode'], modifier: words['modifier'], fullLife: words['fullLife'] === 'true', verbose: words['verbose'] === 'true',
    reads: words['reads'] === 'true',
  };
  if (words['id']) return { id: words['id'], fullLife: how.fullLife, verbose: how.verbose, reads: how.reads };
  const object = rootOf(set) ?? (set.kind && set.name ? { kind: set.kind, namespace: set.namespace, name: set.name } : undefined);
  if (!object) return undefined;
  return {
    ...object, ...how, cluster: set.cluster,
    from: window.from === undefined ? undefined : printMoment(window.from),
    to: window.to === undefined ? undefined : printMoment(window.to),
  };
}

/** The time that a trace tells of: its window, whose ends lie on the grid of its ID, as far as something was recorded. */
export function extentOf(trace: { from: string; to: string }, recorded: Partial<Window>): Partial<Window> {
  const [from, to] = [parseMoment(trace.from), parseMoment(trace.to)];
  if (from === undefined || to === undefined) return recorded;
  const within = { from: Math.max(from, recorded.from ?? from), to: Math.min(to, recorded.to ?? to) };
  // A window before or after the recording is told as it is.
  return within.from < within.to ? within : { from, to };
}

export function printZoom(window: Window | undefined): string {
  return window ? `${printMoment(window.from)}~${printMoment(window.to)}` : '';
}

export function parseZoom(text: string | undefined): Window | undefined {
  const [from, to] = (text ?? '').split('~').map((t) => parseMoment(t));
  return from !== undefined && to !== undefined && from < to ? { from, to } : undefined;
}

/** What is selected when somebody chooses a span or an event: the record, else the object; and the cursor goes to it. */
export function selectionOf(spans: Spans, pick: Pick): ViewChange {
  const span = spans.of[pick.span];
  const attrs = span?.attrs;
  const event = pick.event >= 0 ? span?.events?.[spans.eventOf[pick.event] ?? -1] : undefined;
  const [cluster, uid] = [textOf(attrs, 'cluster'), textOf(attrs, 'uid')];
  const id = textOf(event?.attrs ?? attrs, 'id');
  const role = spans.role[pick.span];
  const at = event ? spans.eventAt[pick.event] : role === roles.record ? spans.end[pick.span] : undefined;
  const named = cluster !== '' && uid !== '' && (id !== '' || (role === roles.object && !event));
  return {
    sel: named ? { cluster, uid, id } : undefined,
    words: { span: named ? '' : (span?.spanID ?? '') },
    ...(at === undefined ? {} : { at }),
  };
}

/** The span or event that is selected, by its record or object, or by the ID of its row; undefined: none of this trace. */
export function pickOf(spans: Spans, sel: { uid: string; id: string }, row: string): Pick | undefined {
  if (row) {
    const span = spans.of.findIndex((s) => s.spanID === row);
    return span < 0 ? undefined : { span, event: -1 };
  }
  return sel.uid ? indexOf(spans).get(`${sel.uid}/${sel.id}`) : undefined;
}

const indexes = new WeakMap<Spans, Map<string, Pick>>();

/** Where the records and objects of a trace are, by UID and record; made once. The first of several counts. */
function indexOf(spans: Spans): Map<string, Pick> {
  const known = indexes.get(spans);
  if (known) return known;
  const index = new Map<string, Pick>();
  const put = (key: string, span: number, event: number) => {
    if (!index.has(key)) index.set(key, { span, event });
  };
  spans.of.forEach((span, i) => {
    const uid = textOf(span.attrs, 'uid');
    if (!uid) return;
    if (spans.role[i] === roles.object) put(`${uid}/`, i, -1);
    for (const id of idsOf(span.attrs)) put(`${uid}/${id}`, i, -1);
    for (let e = spans.eventFrom[i] ?? 0; e < (spans.eventFrom[i + 1] ?? 0); e++) {
      for (const id of idsOf(span.events?.[spans.eventOf[e] ?? -1]?.attrs)) put(`${uid}/${id}`, i, e);
    }
  });
  indexes.set(spans, index);
  return index;
}

/** A counted record has the IDs of the first and the last of what it counts. */
function idsOf(attrs: readonly Attr[] | undefined): string[] {
  return [textOf(attrs, 'id'), textOf(attrs, 'last id')].filter(Boolean);
}

/** Which spans are closed: those below the depth, but for those that somebody opened or closed. */
export function foldedBy(spans: Spans, closed: Uint8Array, fold: string | undefined): Uint8Array {
  const turned = new Set((fold ?? '').split(',').filter(Boolean));
  if (turned.size === 0) return closed;
  return closed.map((c, i) => ((spans.kids[i] ?? 0) > 0 && turned.has(spans.of[i]?.spanID ?? '') ? 1 - c : c));
}

/** The fold word after a span was opened or closed; the oldest go where there are too many for a URL. */
export function turned(fold: string | undefined, spanID: string): string {
  const list = (fold ?? '').split(',').filter(Boolean);
  const at = list.indexOf(spanID);
  if (at >= 0) list.splice(at, 1);
  else list.push(spanID);
  return list.slice(-80).join(',');
}
