import { describe, expect, it } from 'vitest';
import { cardLines, type CardContext } from './card';

const context: CardContext = { row: undefined, shape: undefined, zone: 'utc', perPixel: 1000, cursor: undefined };

describe('a card', () => {
  it('tells the times of a sentence as it tells its own', () => {
    const stretch = { reason: 'watch-missed', sentence: 'The watch was down from 2026-11-21T15:26:02Z to 2026-11-21T15:26:04Z.' };
    expect(cardLines({ kind: 'unknown', stretch }, context)[1]?.words).toBe('The watch was down from 2026-11-21 15:26:02 to 2026-11-21 15:26:04.');
    const bar = { from: 0, state: 'good', soft: 'it was there at 2026-11-21T15:26:02.5Z already' };
    const lines = cardLines({ kind: 'bar', bar, window: { from: 0, to: 5 }, ends: 'then' }, context).map((line) => line.words);
    expect(lines).toContain('Not known exactly: it was there at 2026-11-21 15:26:02.500 already');
  });

  it('says that a state may have begun before what was read', () => {
    const words = (earlier: boolean) => cardLines({ kind: 'bar', bar: { from: 0, state: 'good', earlier }, window: { from: 0, to: 5 }, ends: 'then' }, context).map((line) => line.words);
    expect(words(true).join(' ')).toContain('It may have begun before');
    expect(words(false).join(' ')).not.toContain('It may have begun before');
  });

  it('leaves the values that a record tells as they are', () => {
    const mark = { id: 'r1', at: 0, kind: 'revision', text: '+metadata.deletionTimestamp 2026-11-21T15:26:24Z' } as const;
    expect(cardLines({ kind: 'marks', marks: [mark] }, context).map((line) => line.words)).toContain(mark.text);
  });
});
