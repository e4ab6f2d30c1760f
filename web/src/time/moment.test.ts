import { describe, expect, it } from 'vitest';
import { parseMoment, printMoment } from './moment';

describe('moments', () => {
  it.each(['2026-11-21T15:26:19.851234Z', '2026-11-21T15:26:19Z', '2026-11-21T15:26:19.5Z', '1970-01-01T00:00:00Z'])('%s goes there and back', (text) => {
    expect(printMoment(parseMoment(text)!)).toBe(text);
  });

  it('takes offsets and nanoseconds', () => {
    expect(printMoment(parseMoment('2026-11-21T16:26:19.123456789+01:00')!)).toBe('2026-11-21T15:26:19.123456Z');
  });

  it.each(['', 'now', '2026-11-21', '2026-11-21T15:26:19', '2026-99-21T15:26:19Z'])('refuses %s', (text) => {
    expect(parseMoment(text)).toBeUndefined();
  });
});
