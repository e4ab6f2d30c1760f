import { kindShort } from '../text/kinds';
import { signNumber, signs, textOf, type Sign } from './attrs';
import { failuresOf, roles, type Spans } from './spans';

/** What stands in the column of names. */
export interface Name {
  /** The kind in few letters, for objects and where the row above is of another object. */
  chip: string;
  /** The resource, which says the chip's hue. */
  service: string;
  title: string;
  /** Said more quietly behind the title: of objects the namespace, where it is not that of the row above. */
  aside: string;
  sign: Sign;
  failures: number;
}

const alert = signNumber('warning');

/** The name of a span's row. */
export function nameOf(spans: Spans, i: number): Name {
  const span = spans.of[i];
  const attrs = span?.attrs;
  const object = textOf(attrs, 'name');
  const namespace = textOf(attrs, 'namespace');
  const name: Name = { chip: kindShort(textOf(attrs, 'kind')) || (span?.service ?? ''), service: span?.service ?? '', title: span?.name ?? '', aside: '', sign: 'none', failures: 0 };
  const above = spans.of[spans.parent[i] ?? -1]?.attrs;
  if (spans.role[i] === roles.object) {
    const known = above !== undefined && textOf(above, 'namespace') === namespace;
    return { ...name, title: object || name.title, aside: object && !known ? namespace : '', failures: failuresOf(spans, i) };
  }
  name.sign = signs[spans.sign[i] ?? 0] ?? 'none';
  name.failures = spans.role[i] === roles.record ? 0 : failedEvents(spans, i) || (spans.failed[i] ?? 0);
  const full = namespace ? `${namespace}/${object}` : object;
  if (full && name.title.startsWith(`${full} `)) return { ...name, title: name.title.slice(full.length + 1), aside: object };
  return textOf(above, 'uid') === textOf(attrs, 'uid') ? { ...name, chip: '' } : name;
}

/** A row in a sentence, for those who hear it. */
export function spoken(spans: Spans, i: number): string {
  const { chip, title, aside, failures } = nameOf(spans, i);
  const kids = spans.kids[i] ?? 0;
  const parts = [[chip, aside && spans.role[i] === roles.object ? `${aside}/${title}` : title, spans.role[i] === roles.object ? '' : aside].filter(Boolean).join(' ')];
  if (kids > 0) parts.push(`${kids} below`);
  if (failures > 0) parts.push(`${failures} failed`);
  else if (spans.failed[i]) parts.push('failed');
  return parts.join(', ');
}

function failedEvents(spans: Spans, i: number): number {
  let count = 0;
  for (let e = spans.eventFrom[i] ?? 0; e < (spans.eventFrom[i + 1] ?? 0); e++) count += (spans.eventSign[e] ?? 0) >= alert ? 1 : 0;
  return count;
}
