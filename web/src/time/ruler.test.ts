import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatClock, formatMoment } from './format';
import { day, hour, milli, minute, parseMoment, second } from './moment';
import { momentsOf, rulerOf, stepFor } from './ruler';
import { scaleOf } from './scale';

const t0 = parseMoment('2026-11-21T15:26:19.851234Z')!;
const ruler = (span: number) => rulerOf(scaleOf({ from: t0, to: t0 + span }, 1000), 'utc', 100);

describe('rulers', () => {
  it.each([
    [1000, ['.851 200', '.851 300'], 'Sat 21 November 2026, 15:26:19'],
    [100 * milli, ['.850', '.860'], 'Sat 21 November 2026, 15:26:19'],
    [5 * second, ['.500', '20s'], 'Sat 21 November 2026, 15:26:19'],
    [minute, ['15:26:10', '15:26:20'], 'Sat 21 November 2026'],
    [10 * minute, ['15:26', '15:27'], 'Sat 21 November 2026'],
    [10 * hour, ['15:00', '16:00'], 'Sat 21 November 2026'],
    [6 * day, ['Sat 21', 'Sun 22'], 'November 2026'],
    [60 * day, ['Mon 16', 'Mon 23'], 'November 2026'],
    [700 * day, ['Oct', 'Jan'], '2026'],
    [9000 * day, ['2025', '2030'], undefined],
  ])('of %d µs', (span, labels, context) => {
    const got = ruler(span);
    expect(got.ticks.slice(0, 2).map((t) => t.label)).toEqual(labels);
    expect(got.context[0]?.label).toBe(context);
    expect(got.ticks[0]!.at).toBeLessThanOrEqual(t0);
    expect(got.ticks.length).toBeLessThan(14);
  });

  it('have ticks as far apart as asked, at every zoom', () => {
    for (let perPixel = 0.2; perPixel < 1e13; perPixel *= 1.7) {
      const step = stepFor(perPixel, 90);
      if (step.months === 0) expect(step.micros / perPixel).toBeGreaterThanOrEqual(90);
    }
  });

  it('have minor ticks that meet the ticks', () => {
    for (const span of [100 * milli, minute, hour, 9 * hour, 6 * day]) {
      const got = ruler(span);
      const minor = new Set(got.minor);
      for (const tick of got.ticks.slice(1, -1)) expect(minor.has(tick.at)).toBe(true);
    }
  });

  it('rise', () => {
    for (const zone of ['utc', 'local'] as const)
      for (const span of [minute, 30 * hour, 10 * day, 400 * day, 9000 * day]) {
        const at = momentsOf({ from: t0, to: t0 + span }, stepFor(span / 1000, 90), zone);
        for (let i = 1; i < at.length; i++) expect(at[i]!).toBeGreaterThan(at[i - 1]!);
        expect(at[at.length - 1]!).toBeGreaterThan(t0 + span - 1);
      }
  });
});

describe('rulers on days when the clock changes', () => {
  const zoneBefore = process.env['TZ'];
  beforeAll(() => {
    process.env['TZ'] = 'Europe/Berlin';
  });
  afterAll(() => {
    if (zoneBefore === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zoneBefore;
  });

  const spring = parseMoment('2026-03-29T00:00:00+01:00')!;
  const autumn = parseMoment('2026-10-25T00:00:00+02:00')!;
  const labels = (from: number, span: number, step: number) => {
    const window = { from, to: from + span };
    return momentsOf(window, { micros: step, months: 0 }, 'local').slice(0, -1).map((at) => formatClock(at, 'local', 'minute'));
  };

  it.each([
    ['hours of spring', spring, 5 * hour, hour, '00:00 01:00 03:00 04:00 05:00 06:00'],
    ['two hours of spring', spring, 7 * hour, 2 * hour, '00:00 04:00 06:00 08:00'],
    ['half hours of autumn', autumn + 90 * minute, 2 * hour, hour / 2, '01:30 02:00 02:30 02:00 02:30'],
    ['three hours of autumn', autumn, 10 * hour, 3 * hour, '00:00 03:00 06:00 09:00'],
    ['six hours, from behind the change', spring + 4 * hour, 3 * hour, 6 * hour, '00:00 06:00'],
  ])('stand at round times: %s', (_, from, span, step, want) => {
    expect(labels(from, span, step).join(' ')).toBe(want);
  });

  it('begin days at midnight', () => {
    const days = momentsOf({ from: spring + 12 * hour, to: spring + 40 * hour }, { micros: day, months: 0 }, 'local');
    expect(days.map((at) => formatMoment(at, 'local', 'minute'))).toEqual(['2026-03-29 00:00', '2026-03-30 00:00', '2026-03-31 00:00']);
  });

  it('name the day that it is', () => {
    const at = spring + 12 * hour;
    expect(rulerOf(scaleOf({ from: at, to: at + hour }, 1000), 'local').context[0]?.label).toBe('Sun 29 March 2026');
  });
});
