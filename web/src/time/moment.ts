/** Microseconds since 1970, UTC, as the server's drawing answers tell them; exact until the year 2255. */
export type Moment = number;

export const micro = 1;
export const milli = 1000;
export const second = 1_000_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

/** A stretch of time. */
export interface Window {
  from: Moment;
  to: Moment;
}

/** Reads RFC 3339 with up to nine fractional digits; undefined for anything else. */
export function parseMoment(text: string | null | undefined): Moment | undefined {
  if (!text) return undefined;
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (!match) return undefined;
  const whole = Date.parse(`${match[1]}${match[3]}`);
  if (Number.isNaN(whole)) return undefined;
  return whole * milli + Number((match[2] ?? '').padEnd(6, '0').slice(0, 6));
}

/** RFC 3339 in UTC, with as many fractional digits as needed. */
export function printMoment(at: Moment): string {
  const whole = Math.floor(at / second);
  const fraction = Math.round(at - whole * second);
  const head = new Date(whole * 1000).toISOString().slice(0, 19);
  const tail = fraction === 0 ? '' : `.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`;
  return `${head}${tail}Z`;
}
