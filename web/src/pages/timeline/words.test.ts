import { describe, expect, it } from 'vitest';
import { parseWords, shownWords, toggled, wordOf } from './words';

describe('words of the timeline', () => {
  it('have defaults, and take nothing that they do not know', () => {
    expect(parseWords({ group: 'colour', sort: 'x' })).toEqual({
      group: 'tree', sort: 'name', q: '', pin: [], open: [], fold: [], hide: [], shown: { requests: true, reads: false, events: true, spans: true },
    });
  });

  it('go there and back', () => {
    const shown = { requests: false, reads: true, events: true, spans: false };
    expect(parseWords(shownWords(shown)).shown).toEqual(shown);
    expect(parseWords({ pin: 'a,b' }).pin).toEqual(['a', 'b']);
  });

  it('add and remove', () => {
    expect(toggled(['a', 'b'], 'b')).toBe('a');
    expect(toggled([], 'n:demo/shop')).toBe('n:demo/shop');
  });

  it('name lines', () => {
    expect(wordOf('demo\nuid-1')).toBe('uid-1');
    expect(wordOf('n:demo/shop')).toBe('n:demo/shop');
  });
});
