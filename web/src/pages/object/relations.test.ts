import { describe, expect, it } from 'vitest';
import { relationsOf, relationWords } from './relations';

const links = (...types: string[]) => types.map((type) => ({ type }));

describe('the number of links', () => {
  it.each([
    [links(), 0, '0 links'],
    [links('owns'), 1, '1 link'],
    [links('owns', 'regards', 'selects', 'regards'), 2, '2 links, and 2 Events about it'],
    [links('regards'), 0, '0 links, and 1 Event about it'],
  ])('of %j', (given, count, words) => {
    expect(relationsOf(given)).toBe(count);
    expect(relationWords(given)).toBe(words);
  });
});
