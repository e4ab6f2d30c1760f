import type { TraceSpan } from '../api/types';
import { signNumber } from './attrs';
import type { Spans } from './spans';

const failedSign = signNumber('failed');
const warningSign = signNumber('warning');

/** Which spans have all words of a text in their name, service, attributes or those of their events; small and capital letters are alike. */
export function matching(spans: Spans, text: string): number[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const found: number[] = [];
  spans.of.forEach((span, i) => {
    const all = haystack(span);
    if (words.every((w) => all.includes(w))) found.push(i);
  });
  return found;
}

const haystacks = new WeakMap<TraceSpan, string>();

function haystack(span: TraceSpan): string {
  const known = haystacks.get(span);
  if (known !== undefined) return known;
  const parts = [span.service, span.name, span.status ?? '', ...(span.attrs ?? []).map((a) => `${a.key}=${a.value}`)];
  for (const event of span.events ?? []) parts.push(event.name, ...(event.attrs ?? []).filter((a) => a.key !== 'manifest').map((a) => `${a.key}=${a.value}`));
  const text = parts.join('\n').toLowerCase();
  haystacks.set(span, text);
  return text;
}

/** The spans that failed, or that have an event on them that did. */
export function failedOnly(spans: Spans): Uint8Array {
  const failed = spans.failed.slice();
  for (let i = 0; i < spans.count; i++) {
    for (let e = spans.eventFrom[i] ?? 0; e < (spans.eventFrom[i + 1] ?? 0) && !failed[i]; e++) {
      if (spans.eventSign[e] === failedSign || spans.eventSign[e] === warningSign) failed[i] = 1;
    }
  }
  return failed;
}

/** The match after (or before) the place where one is, round the end. */
export function nextMatch(matches: readonly number[], from: number, step: 1 | -1): number | undefined {
  if (matches.length === 0) return undefined;
  if (step > 0) return matches.find((m) => m > from) ?? matches[0];
  return matches.findLast((m) => m < from) ?? matches.at(-1);
}
