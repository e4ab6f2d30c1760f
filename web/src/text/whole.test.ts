import { describe, expect, it } from 'vitest';
import { parseExact, Whole } from './whole';

describe('JSON is read as it was written', () => {
  it.each([
    ['9007199254740993', '9007199254740993'],
    ['-9007199254740993', '-9007199254740993'],
    ['18446744073709551615', '18446744073709551615'],
    [' 123456789012345678901234567890 ', '123456789012345678901234567890'],
  ])('%s', (text, digits) => {
    expect(parseExact(text)).toEqual(new Whole(digits));
    const list = parseExact(`[${text}, {"a": ${text}}]`) as [Whole, { a: Whole }];
    expect([list[0], list[1].a]).toEqual([new Whole(digits), new Whole(digits)]);
    expect(String(list[0])).toBe(digits);
  });

  it.each([
    '9007199254740991', '[9007199254740991,9000000000000000]', '1795274779851290', '0.12345678901234567890', '1234567890123456789.5', '12345678901234567890e3',
    '{"at":1795274779851290,"text":": 9007199254740993, [18446744073709551615"}', '{"9007199254740993":" \\" 9007199254740993 \\\\"}', 'null', '""',
    '{"a":[-1,2.5e10,"x",null,true,{"b":[]}]}',
  ])('%s as JSON.parse does', (text) => {
    expect(parseExact(text)).toEqual(JSON.parse(text));
    expect(parseExact(`[99999999999999999,${text}]`)).toEqual([new Whole('99999999999999999'), JSON.parse(text)]);
  });

  it.each(['', '{', '[99999999999999999', '99999999999999999 1', '{"a":099999999999999999}', '99999999999999999x'])('%j is none', (text) => {
    expect(() => parseExact(text)).toThrow(SyntaxError);
  });

  it('reads a long answer with one such number at once', () => {
    const text = JSON.stringify({ note: '\\"'.repeat(1_000_000), list: Array.from({ length: 10_000 }, (_, i) => ({ i, name: `n${i}` })) }).replace('{', '{"big":99999999999999999,');
    expect(parseExact(text)).toMatchObject({ big: new Whole('99999999999999999') });
  });
});

it('is never printed rounded', () => {
  expect(JSON.stringify({ a: new Whole('18446744073709551615') }).replaceAll('"', '')).toBe('{a:18446744073709551615}');
});
