/** The ticks of a time axis: at round times of the zone, from a microsecond to centuries, in two levels. Pure but for the zone of the machine. */
import type { Zone } from './format';
import { day, hour, micro, milli, minute, second, type Moment, type Window } from './moment';
import type { Scale } from './scale';

/** A step of a ruler; months are no fixed number of microseconds. */
export interface Step {
  /** About, for months. */
  micros: number;
  months: number;
}

export interface Tick {
  at: Moment;
  label: string;
}

/** What a scale's axis shows. */
export interface Ruler {
  step: Step;
  ticks: Tick[];
  /** Moments between the ticks, without labels. */
  minor: Moment[];
  /** What the ticks leave out (the day, of hours), from the first that begins at or before the window; the label holds until the next. */
  context: Tick[];
}

const fixed = (micros: number): Step => ({ micros, months: 0 });
const months = (n: number): Step => ({ micros: n * 30.44 * day, months: n });
const decimal = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/** All steps, each with how many parts it is divided into by minor ticks. */
const steps: readonly (readonly [Step, number])[] = [
  ...decimal.map((n) => [fixed(n * micro), divide(n)] as const),
  ...decimal.map((n) => [fixed(n * milli), divide(n)] as const),
  ...([[1, 5], [2, 4], [5, 5], [10, 5], [15, 3], [30, 6]] as const).map(([n, parts]) => [fixed(n * second), parts] as const),
  ...([[1, 6], [2, 4], [5, 5], [10, 5], [15, 3], [30, 6]] as const).map(([n, parts]) => [fixed(n * minute), parts] as const),
  ...([[1, 4], [2, 4], [3, 3], [6, 6], [12, 4]] as const).map(([n, parts]) => [fixed(n * hour), parts] as const),
  ...([[1, 4], [2, 2], [7, 7]] as const).map(([n, parts]) => [fixed(n * day), parts] as const),
  ...([1, 3, 6, 12, 24, 60, 120, 240, 600, 1200] as const).map((n) => [months(n), 1] as const),
];

function divide(n: number): number {
  return String(n).startsWith('2') ? 4 : 5;
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const monthNames = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

/** The smallest step whose ticks stand at least gap pixels apart. */
export function stepFor(perPixel: number, gap: number): Step {
  return (steps.find(([s]) => s.micros >= perPixel * gap) ?? steps[steps.length - 1] ?? [fixed(second)])[0];
}

/** The axis of a scale, with labels at least gap pixels apart. */
export function rulerOf(scale: Scale, zone: Zone, gap = 90): Ruler {
  const step = stepFor(scale.perPixel, gap);
  const parts = steps.find(([s]) => s === step)?.[1] ?? 1;
  const ticks = momentsOf(scale, step, zone).map((at) => ({ at, label: tickLabel(at, step, zone) }));
  const minor = parts > 1 ? momentsOf(scale, fixed(step.micros / parts), zone) : [];
  return { step, ticks, minor, context: contextOf(scale, step, zone) };
}

/** Minutes that the zone is ahead of UTC at a moment. */
export function offsetAt(at: Moment, zone: Zone): number {
  return zone === 'utc' ? 0 : -new Date(at / milli).getTimezoneOffset();
}

/** Bounds the work for a window that no picture has. */
const mostMoments = 2000;

/** Round moments of a window, one step before it and one behind it included. */
export function momentsOf(window: Window, step: Step, zone: Zone): Moment[] {
  if (step.months > 0) return calendarMoments(window, step.months, zone);
  return step.micros >= day ? dayMoments(window, Math.round(step.micros / day), zone) : clockMoments(window, step.micros, zone);
}

/** Round times of the zone's clock. Where it is put forward or back, some are not there, and others twice. */
function clockMoments(window: Window, size: number, zone: Zone): Moment[] {
  const shown = (at: Moment) => at + (size > 15 * minute ? offsetAt(at, zone) * minute : 0);
  const past = (at: Moment) => ((shown(at) % size) + size) % size;
  const found: Moment[] = [];
  let at = window.from - past(window.from);
  at -= past(at); // the clock may have changed in between
  if (nextRound(at, size, past) <= window.from) at = nextRound(at, size, past);
  for (let n = 0; n < mostMoments; n++) {
    found.push(at);
    if (at > window.to) break;
    at = nextRound(at, size, past);
  }
  return found;
}

/** The round time behind one; past tells how far a moment lies behind the round time before it. */
function nextRound(at: Moment, size: number, past: (at: Moment) => number): Moment {
  const next = at + size;
  const over = past(next);
  return [next - over, next - over + size].find((near) => near > at && past(near) === 0) ?? next;
}

/** Days of the calendar, of which some have 23 hours and some 25. */
function dayMoments(window: Window, every: number, zone: Zone): Moment[] {
  const { year, month, date } = partsOf(window.from, zone);
  // Weeks begin on Mondays; 1970 began on a Thursday.
  const origin = every === 7 ? 4 : 0;
  let index = Math.floor((Date.UTC(year, month, date) / 86_400_000 - origin) / every) * every + origin;
  const found: Moment[] = [];
  for (let n = 0; n < mostMoments; n++, index += every) {
    const at = dayStart(index, zone);
    found.push(at);
    if (at > window.to) break;
  }
  return found;
}

/** The first moment of a day, counted from 1970. */
function dayStart(index: number, zone: Zone): Moment {
  const there = new Date(index * 86_400_000);
  return (zone === 'utc' ? there.getTime() : new Date(there.getUTCFullYear(), there.getUTCMonth(), there.getUTCDate()).getTime()) * milli;
}

function calendarMoments(window: Window, every: number, zone: Zone): Moment[] {
  const first = partsOf(window.from, zone);
  let index = Math.floor((first.year * 12 + first.month) / every) * every;
  const found: Moment[] = [];
  for (let n = 0; n < mostMoments; n++, index += every) {
    const at = monthStart(Math.floor(index / 12), index % 12, zone);
    found.push(at);
    if (at > window.to) break;
  }
  return found;
}

function monthStart(year: number, month: number, zone: Zone): Moment {
  return (zone === 'utc' ? Date.UTC(year, month) : new Date(year, month).getTime()) * milli;
}

/** A moment as the zone's clock and calendar show it. */
export interface Parts {
  year: number;
  month: number;
  date: number;
  weekday: number;
  hour: number;
  minute: number;
  second: number;
  /** Microseconds of the second. */
  micros: number;
}

export function partsOf(at: Moment, zone: Zone): Parts {
  const whole = Math.floor(at / second);
  const shown = new Date(whole * 1000 + offsetAt(at, zone) * 60_000);
  return {
    year: shown.getUTCFullYear(), month: shown.getUTCMonth(), date: shown.getUTCDate(), weekday: shown.getUTCDay(),
    hour: shown.getUTCHours(), minute: shown.getUTCMinutes(), second: shown.getUTCSeconds(), micros: Math.round(at - whole * second),
  };
}

const two = (n: number) => (n < 10 ? `0${n}` : String(n));

function clock(p: Parts, seconds: boolean): string {
  return `${two(p.hour)}:${two(p.minute)}${seconds ? `:${two(p.second)}` : ''}`;
}

function tickLabel(at: Moment, step: Step, zone: Zone): string {
  const p = partsOf(at, zone);
  if (step.months >= 12) return String(p.year);
  if (step.months > 0) return (monthNames[p.month] ?? '').slice(0, 3);
  if (step.micros >= day) return `${weekdays[p.weekday]} ${p.date}`;
  if (step.micros >= minute) return clock(p, false);
  if (step.micros >= second) return clock(p, true);
  const digits = String(p.micros).padStart(6, '0');
  if (step.micros >= milli) return p.micros === 0 ? `${two(p.second)}s` : `.${digits.slice(0, 3)}`;
  return p.micros === 0 ? `${two(p.second)}s` : `.${digits.slice(0, 3)} ${digits.slice(3)}`;
}

/** The unit that a step's ticks leave out. */
function contextStep(step: Step): Step | undefined {
  if (step.months >= 12) return undefined;
  if (step.months > 0) return months(12);
  if (step.micros >= day) return months(1);
  return step.micros >= second ? fixed(day) : fixed(second);
}

function contextOf(window: Window, step: Step, zone: Zone): Tick[] {
  const above = contextStep(step);
  if (!above) return [];
  return momentsOf(window, above, zone)
    .filter((at, i) => at <= window.to || i === 0)
    .map((at) => ({ at, label: contextLabel(at, above, zone) }));
}

function contextLabel(at: Moment, step: Step, zone: Zone): string {
  const p = partsOf(at, zone);
  if (step.months >= 12) return String(p.year);
  if (step.months > 0) return `${monthNames[p.month]} ${p.year}`;
  const date = `${weekdays[p.weekday]} ${p.date} ${monthNames[p.month]} ${p.year}`;
  return step.micros >= day ? date : `${date}, ${clock(p, true)}`;
}
