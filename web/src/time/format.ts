/** Times as people read them. Absolute times are written as ISO writes them, so that they sort and paste; never without saying their zone near by. */
import { day, hour, milli, minute, second, type Moment } from './moment';

export type Zone = 'utc' | 'local';
export type Precision = 'day' | 'minute' | 'second' | 'milli' | 'micro';

/** "2026-11-21 15:26:19.851" in the zone. */
export function formatMoment(at: Moment, zone: Zone, precision: Precision = 'second'): string {
  const date = formatDay(at, zone);
  return precision === 'day' ? date : `${date} ${formatClock(at, zone, precision)}`;
}

/** "2026-11-21". */
export function formatDay(at: Moment, zone: Zone): string {
  const d = new Date(Math.floor(at / milli));
  const [year, month, date] =
    zone === 'utc' ? [d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate()] : [d.getFullYear(), d.getMonth(), d.getDate()];
  return `${String(year).padStart(4, '0')}-${two(month + 1)}-${two(date)}`;
}

/** Whether two moments lie on one day of the zone: then the time of day tells them apart. */
export function sameDay(a: Moment, b: Moment, zone: Zone): boolean {
  return formatDay(a, zone) === formatDay(b, zone);
}

/** "15:26:19.851". */
export function formatClock(at: Moment, zone: Zone, precision: Precision = 'second'): string {
  const d = new Date(Math.floor(at / milli));
  const [h, m, s] =
    zone === 'utc' ? [d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds()] : [d.getHours(), d.getMinutes(), d.getSeconds()];
  const head = `${two(h)}:${two(m)}`;
  if (precision === 'minute' || precision === 'day') return head;
  const fraction = String(Math.floor(at - Math.floor(at / second) * second)).padStart(6, '0');
  if (precision === 'second') return `${head}:${two(s)}`;
  return `${head}:${two(s)}.${precision === 'milli' ? fraction.slice(0, 3) : fraction}`;
}

/** The zone's name at a moment: "UTC", "UTC+01:00". */
export function zoneName(zone: Zone, at: Moment = Date.now() * milli): string {
  if (zone === 'utc') return 'UTC';
  const ahead = -new Date(at / milli).getTimezoneOffset();
  if (ahead === 0) return 'UTC+00:00';
  const size = Math.abs(ahead);
  return `UTC${ahead < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** A length of time in at most two units: "851 µs", "12.3 ms", "1.25 s", "2 min 5 s", "3 h 12 min", "4 d 2 h". */
export function formatSpan(micros: number): string {
  if (micros < 0) return `-${formatSpan(-micros)}`;
  if (micros < milli) return `${Math.round(micros)} µs`;
  if (micros < 999.5 * milli) return `${threeDigits(micros / milli)} ms`;
  if (micros < 59.95 * second) return `${threeDigits(micros / second)} s`;
  const seconds = Math.round(micros / second);
  if (seconds < 3600) return pair(seconds, 60, 'min', 's');
  const minutes = Math.round(micros / minute);
  if (minutes < 1440) return pair(minutes, 60, 'h', 'min');
  return pair(Math.round(micros / hour), 24, 'd', 'h');
}

/** "3 min ago", "in 5 s", "just now"; one unit, which a glance takes in. */
export function formatRelative(at: Moment, now: Moment): string {
  const size = Math.abs(now - at);
  if (size < 2 * second) return 'just now';
  const words = oneUnit(size);
  return at <= now ? `${words} ago` : `in ${words}`;
}

/** How far a moment lies from a mark: "+1.25 s", "-3 min 2 s", "0". */
export function formatOffset(at: Moment, mark: Moment): string {
  if (at === mark) return '0';
  return (at > mark ? '+' : '-') + formatSpan(Math.abs(at - mark));
}

/** The precision that tells moments apart which lie `step` microseconds from each other. */
export function precisionFor(step: number): Precision {
  if (step < milli) return 'micro';
  if (step < second) return 'milli';
  if (step < minute) return 'second';
  return step < day ? 'minute' : 'day';
}

/**
 * Reads a time as a person types it in a zone: "2026-11-21 15:26:19.5", "15:26" (of the day that `near` lies in), or RFC 3339; undefined where it is none.
 */
export function parseTyped(text: string, zone: Zone, near: Moment): Moment | undefined {
  const match = /^\s*(?:(\d{4})-(\d\d)-(\d\d)(?:[T ]+|$))?(?:(\d\d?):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?\s*(Z|UTC)?\s*$/i.exec(text);
  if (!match || (match[1] === undefined && match[4] === undefined)) return undefined;
  const own: Zone = match[8] ? 'utc' : zone;
  const [year, month, date] = (match[1] === undefined ? formatDay(near, own) : `${match[1]}-${match[2]}-${match[3]}`).split('-').map(Number);
  const [h, m, s] = [match[4], match[5], match[6]].map((part) => Number(part ?? 0));
  if (year === undefined || month === undefined || date === undefined || h === undefined || m === undefined || s === undefined) return undefined;
  if (month < 1 || month > 12 || date < 1 || date > 31 || h > 23 || m > 59 || s > 59) return undefined;
  const whole = own === 'utc' ? Date.UTC(year, month - 1, date, h, m, s) : new Date(year, month - 1, date, h, m, s).getTime();
  // The 31st of February would be one of March.
  if (formatDay(whole * milli, own) !== `${String(year).padStart(4, '0')}-${two(month)}-${two(date)}`) return undefined;
  return whole * milli + Number((match[7] ?? '').padEnd(6, '0'));
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

function threeDigits(n: number): string {
  const fixed = n < 10 ? n.toFixed(2) : n < 100 ? n.toFixed(1) : n.toFixed(0);
  return fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed;
}

function pair(total: number, per: number, big: string, small: string): string {
  const rest = total % per;
  return `${Math.floor(total / per)} ${big}${rest ? ` ${rest} ${small}` : ''}`;
}

function oneUnit(size: number): string {
  if (size < minute) return `${Math.floor(size / second)} s`;
  if (size < hour) return `${Math.floor(size / minute)} min`;
  if (size < 2 * day) return `${Math.floor(size / hour)} h`;
  if (size < 60 * day) return `${Math.floor(size / day)} days`;
  return size < 730 * day ? `${Math.floor(size / (30 * day))} months` : `${Math.floor(size / (365 * day))} years`;
}
