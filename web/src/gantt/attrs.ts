import type { Attr } from '../api/types';

type Attrs = readonly Attr[] | undefined;

/** The text of an attribute; empty where there is none. The keys are those of docs/traces.md. */
export function textOf(attrs: Attrs, key: string): string {
  const found = attrs?.find((a) => a.key === key);
  return found === undefined ? '' : String(found.value);
}

/** The number of an attribute; 0 where there is none. */
export function numberOf(attrs: Attrs, key: string): number {
  const found = Number(textOf(attrs, key));
  return Number.isFinite(found) ? found : 0;
}

/** What is drawn for a record. The order is that of importance: where many fall on one place, the highest is drawn. */
export const signs = ['none', 'read', 'request', 'normal', 'span', 'gap', 'change', 'end', 'warning', 'failed'] as const;
export type Sign = (typeof signs)[number];

const reads = new Set(['get', 'list', 'watch']);

/** The sign of a record by its attributes. A snapshot is no record: none. */
export function signOf(attrs: Attrs, failed: boolean): Sign {
  switch (textOf(attrs, 'record')) {
    case 'revision':
      return 'change';
    case 'end':
      return 'end';
    case 'event':
      return failed || textOf(attrs, 'type') === 'Warning' ? 'warning' : 'normal';
    case 'request':
      return failed ? 'failed' : reads.has(textOf(attrs, 'verb')) ? 'read' : 'request';
    case 'gap':
      return 'gap';
    case 'span':
      return failed ? 'failed' : 'span';
    default:
      return 'none';
  }
}

/** The number of a sign in flat arrays. */
export function signNumber(sign: Sign): number {
  return signs.indexOf(sign);
}
