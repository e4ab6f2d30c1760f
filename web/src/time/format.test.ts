import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatClock, formatDay, formatMoment, formatOffset, formatRelative, formatSpan, parseTyped, precisionFor, sameDay, zoneName } from './format';
import { day, hour, milli, minute, parseMoment, second } from './moment';

const at = (text: string) => parseMoment(text)!;
const zoneBefore = process.env['TZ'];

beforeAll(() => {
  process.env['TZ'] = 'Asia/Kolkata';
});
afterAll(() => {
  if (zoneBefore === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zoneBefore;
});

describe('moments', () => {
  const moment = at('2026-11-21T23:26:19.851234Z');

  it.each([
    ['day', '2026-11-21'],
    ['minute', '2026-11-21 23:26'],
    ['second', '2026-11-21 23:26:19'],
    ['milli', '2026-11-21 23:26:19.851'],
    ['micro', '2026-11-21 23:26:19.851234'],
  ] as const)('to the %s', (precision, text) => expect(formatMoment(moment, 'utc', precision)).toBe(text));

  it('in the local zone, on its day', () => {
    expect(formatMoment(moment, 'local', 'milli')).toBe('2026-11-22 04:56:19.851');
    expect(formatDay(moment, 'local')).toBe('2026-11-22');
    expect(formatClock(moment, 'local')).toBe('04:56:19');
    expect(sameDay(moment, at('2026-11-22T01:00:00Z'), 'local')).toBe(true);
    expect(sameDay(moment, at('2026-11-22T01:00:00Z'), 'utc')).toBe(false);
    expect(sameDay(moment, at('2026-11-21T12:00:00Z'), 'local')).toBe(false);
    expect(zoneName('local', moment)).toBe('UTC+05:30');
    expect(zoneName('utc', moment)).toBe('UTC');
  });

  it('never rounds up into the next second', () => {
    expect(formatMoment(at('2026-01-01T00:00:00.999999Z'), 'utc', 'milli')).toBe('2026-01-01 00:00:00.999');
    expect(formatMoment(-1, 'utc', 'micro')).toBe('1969-12-31 23:59:59.999999');
  });
});

describe('lengths', () => {
  it.each([
    [0, '0 µs'],
    [851, '851 µs'],
    [7.91 * milli, '7.91 ms'],
    [12_340, '12.3 ms'],
    [2 * milli, '2 ms'],
    [999_400, '999 ms'],
    [999_600, '1 s'],
    [1.25 * second, '1.25 s'],
    [59.96 * second, '1 min'],
    [2 * minute + 5 * second, '2 min 5 s'],
    [59 * minute + 59.7 * second, '1 h'],
    [3 * hour + 12 * minute, '3 h 12 min'],
    [23 * hour + 59.6 * minute, '1 d'],
    [4 * day + 2 * hour, '4 d 2 h'],
    [-5 * second, '-5 s'],
  ])('%d is %s', (micros, text) => expect(formatSpan(micros)).toBe(text));

  it('as offsets', () => {
    expect(formatOffset(5, 5)).toBe('0');
    expect(formatOffset(2 * second, 750 * milli)).toBe('+1.25 s');
    expect(formatOffset(0, 3 * minute)).toBe('-3 min');
  });
});

describe('relative times', () => {
  const now = at('2026-11-21T12:00:00Z');
  it.each([
    [now - second, 'just now'],
    [now - 59 * second, '59 s ago'],
    [now - 90 * second, '1 min ago'],
    [now + 5 * second, 'in 5 s'],
    [now - 26 * hour, '26 h ago'],
    [now - 3 * day, '3 days ago'],
    [now - 90 * day, '3 months ago'],
    [now - 800 * day, '2 years ago'],
  ])('%d is %s', (moment, text) => expect(formatRelative(moment, now)).toBe(text));
});

it('precision follows the step', () => {
  expect([1, milli, second, minute, day].map(precisionFor)).toEqual(['micro', 'milli', 'second', 'minute', 'day']);
});

describe('typed times', () => {
  const near = at('2026-11-21T12:00:00Z');
  it.each([
    ['2026-11-20 15:26:19.5', '2026-11-20T15:26:19.5Z'],
    ['2026-11-20T15:26:19.851234Z', '2026-11-20T15:26:19.851234Z'],
    ['2026-11-20', '2026-11-20T00:00:00Z'],
    ['15:26', '2026-11-21T15:26:00Z'],
    [' 5:06:07 ', '2026-11-21T05:06:07Z'],
  ])('%s in UTC', (text, moment) => expect(parseTyped(text, 'utc', near)).toBe(at(moment)));

  it('in the local zone, unless they say UTC', () => {
    expect(parseTyped('17:30', 'local', near)).toBe(at('2026-11-21T12:00:00Z'));
    expect(parseTyped('17:30 UTC', 'local', near)).toBe(at('2026-11-21T17:30:00Z'));
  });

  it('that are none', () => {
    for (const text of ['', ' ', 'yesterday', '25:00', '12:61', '2026-13-01', '2026-02-31', '2026-11-31 12:00', '15', '2026-11-21 x']) expect(parseTyped(text, 'utc', near)).toBeUndefined();
  });

  it('read back what is shown', () => {
    for (const zone of ['utc', 'local'] as const)
      expect(parseTyped(formatMoment(near + 851234, zone, 'micro'), zone, 0)).toBe(near + 851234);
  });
});
