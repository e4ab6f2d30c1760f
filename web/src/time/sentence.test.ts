import { describe, expect, it } from 'vitest';
import { formatMoment } from './format';
import { parseMoment } from './moment';
import { sentenceIn } from './sentence';

describe('sentenceIn', () => {
  it.each([
    ['in the middle', 'The recording of cluster demo begins at 2026-11-21T15:26:02.345Z; only older audit logs tell.', 'The recording of cluster demo begins at 2026-11-21 15:26:02.345; only older audit logs tell.'],
    ['at the end', 'It ends at 2026-11-21T15:26:46Z.', 'It ends at 2026-11-21 15:26:46.'],
    ['alone', '2026-11-21T15:26:46.593170Z', '2026-11-21 15:26:46.593170'],
    ['two of them', 'From 2026-11-21T15:26:02Z to 2026-11-21T15:26:04.5Z it was down.', 'From 2026-11-21 15:26:02 to 2026-11-21 15:26:04.500 it was down.'],
    ['in brackets', 'Nothing (since 2026-11-21T15:26:02Z).', 'Nothing (since 2026-11-21 15:26:02).'],
    ['of another zone', 'Since 2026-11-21T16:26:02+01:00, it says.', 'Since 2026-11-21 15:26:02, it says.'],
  ])('writes moments %s', (_, sentence, want) => {
    expect(sentenceIn('utc', sentence)).toBe(want);
  });

  it.each([
    ['a value in quotes', 'restartedAt "2026-11-21T15:26:02Z" was set.'],
    ['a piece of a path', 'The file /logs/2026-11-21T15:26:02Z.log was cut.'],
    ['a file', 'The file 2026-11-21T15:26:02Z.log was cut.'],
    ['a piece of a name', 'Lease web-2026-11-21T15:26:02Z is gone.'],
    ['no zone', 'At 2026-11-21T15:26:02 it began.'],
    ['no moment', 'At 2026-13-41T15:26:02Z it began.'],
    ['a day', 'On 2026-11-21 it began.'],
  ])('leaves %s', (_, sentence) => {
    expect(sentenceIn('utc', sentence)).toBe(sentence);
  });

  it('writes them in the zone of the person', () => {
    expect(sentenceIn('local', 'At 2026-11-21T15:26:02Z.')).toBe(`At ${formatMoment(parseMoment('2026-11-21T15:26:02Z') ?? 0, 'local')}.`);
  });
});
