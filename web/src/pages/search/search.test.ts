import { describe, expect, it } from 'vitest';
import { conditionsOf, guessOf, hasTerm, narrowed, tokensOf, widened } from './cel';
import { placeAt, valueChoices, wordChoices, type Field } from './completion';

describe('tokens', () => {
  it.each(['request.verb == "de\\"lete" && x', "a in ['b', \"c", 'r"\\" + 1.5e3 % §', '"""a\nb""" // end', ''])('cover all of %j', (text) => {
    expect(tokensOf(text).map((t) => t.text).join('')).toBe(text);
  });

  it('know a string that has no end yet', () => {
    const open = (text: string) => tokensOf(text).filter((t) => t.unclosed).length;
    expect([open('"a'), open('"a"'), open('"a\\"'), open("'"), open('"a\\\\"')]).toEqual([1, 0, 1, 1, 0]);
  });
});

describe('conditions', () => {
  it.each([
    ['a == 1 && b', ['a == 1', 'b']],
    ['(a && b) && c("x && y")', ['(a && b)', 'c("x && y")']],
    ['a && b || c', ['a && b || c']],
    ['a ? b : c && d', ['a ? b : c && d']],
    ['(a || b) && c', ['(a || b)', 'c']],
    ['  ', []],
    ['a &&', ['a']],
  ])('of %j', (filter, want) => expect(conditionsOf(filter)).toEqual(want));
});

describe('narrowing', () => {
  const alice = { field: 'request.user', is: '==', value: 'alice' } as const;
  it.each([
    ['', 'request.user == "alice"'],
    ['request.verb == "get"', 'request.verb == "get" && request.user == "alice"'],
    ['a || b', '(a || b) && request.user == "alice"'],
    ['a ? b : c', '(a ? b : c) && request.user == "alice"'],
    ["request.user=='bob' && x", 'x && request.user == "alice"'],
    ['request.user == "alice"', 'request.user == "alice"'],
    ['request.user != "alice"', 'request.user == "alice"'],
    ['request.user == object.metadata.name', 'request.user == object.metadata.name && request.user == "alice"'],
  ])('%j', (filter, want) => expect(narrowed(filter, alice)).toBe(want));

  it('excludes beside other exclusions', () => {
    expect(narrowed('request.user != "bob"', { ...alice, is: '!=' })).toBe('request.user != "bob" && request.user != "alice"');
    expect(narrowed('request.user == "alice"', { ...alice, is: '!=' })).toBe('request.user != "alice"');
  });

  it('writes numbers as numbers and escapes text', () => {
    expect(narrowed('', { field: 'request.code', is: '==', value: 409 })).toBe('request.code == 409');
    expect(narrowed('', { field: 'name', is: '==', value: 'a"b\\' })).toBe('name == "a\\"b\\\\"');
  });

  it('is seen and taken back', () => {
    expect(hasTerm("x && request.user=='alice'", alice)).toBe(true);
    expect(widened('x && request.user == "alice"', 'request.user=="alice"')).toBe('x');
  });

  it('guesses what plain words mean', () => {
    expect(guessOf(' web-1 ')).toBe('name.contains("web-1")');
    expect(guessOf('web*')).toBe('name.contains("web")');
    for (const text of ['', 'true', '200', 'name == "x"', '*']) expect(guessOf(text)).toBeUndefined();
  });
});

describe('places', () => {
  const at = (text: string) => placeAt(text.replace('|', ''), text.indexOf('|'));
  it.each([
    ['|', { kind: 'word', from: 0, base: '', typed: '' }],
    ['req|', { kind: 'word', from: 0, base: '', typed: 'req' }],
    ['request.|', { kind: 'word', from: 8, base: 'request', typed: '' }],
    ['request.ve|rb', { kind: 'word', from: 8, base: 'request', typed: 've' }],
    ['x && event.regarding.ki|', { kind: 'word', from: 21, base: 'event.regarding', typed: 'ki' }],
    ['object.spec.containers.exists(c, c.|', { kind: 'word', from: 35, base: 'c', typed: '' }],
    ['f(x).|', { kind: 'word', from: 5, base: '?', typed: '' }],
    ['request.verb == |', { kind: 'value', from: 16, to: 16, field: 'request.verb', typed: '', quote: true }],
    ['request.verb == "de|"', { kind: 'value', from: 17, to: 19, field: 'request.verb', typed: 'de', quote: false }],
    ['request.verb == "de|', { kind: 'value', from: 17, to: 19, field: 'request.verb', typed: 'de', quote: false }],
    ['request.verb in ["get", "l|"]', { kind: 'value', from: 25, to: 26, field: 'request.verb', typed: 'l', quote: false }],
    ['request.verb in [|', { kind: 'value', from: 17, to: 17, field: 'request.verb', typed: '', quote: true }],
    ['name.startsWith("w|")', { kind: 'value', from: 17, to: 18, field: 'name', typed: 'w', quote: false }],
    ['x == 12|', { kind: 'none' }],
    ['f("|")', { kind: 'none' }],
    ['// request.|', { kind: 'none' }],
  ])('%s', (text, want) => expect(at(text)).toEqual(want));
});

describe('choices', () => {
  const fields: Field[] = [
    { name: 'request', type: 'object', doc: '' },
    { name: 'request.verb', type: 'string', doc: '' },
    { name: 'event.regarding', type: 'object', doc: '' },
    { name: 'event.regarding.kind', type: 'string', doc: '' },
    { name: 'object', type: 'dyn', doc: '' },
    { name: 'startsWith', type: 'method', doc: '' },
    { name: 'has', type: 'macro', doc: '' },
    { name: 'exists', type: 'macro', doc: '' },
  ];
  const labels = (base: string) => wordChoices(fields, base).map((c) => c.label);

  it('are the next words of a path', () => {
    expect(labels('')).toEqual(['request', 'object', 'has']);
    expect(labels('request')).toEqual(['verb']);
    expect(labels('event')).toEqual(['regarding']);
    expect(labels('request.verb')).toEqual(['startsWith', 'exists']);
    expect(labels('object.spec')).toContain('replicas');
  });

  it('of values: what was seen first, each once, quoted where no quote stands', () => {
    const values = valueChoices('request.verb', [{ name: 'patch', count: 1200 }, { name: 'create' }], true);
    expect(values.slice(0, 2)).toMatchObject([{ label: 'patch', insert: '"patch"', detail: '1,200×' }, { label: 'create' }]);
    expect(values.filter((v) => v.label === 'create')).toHaveLength(1);
    expect(valueChoices('request.verb', [], false)[0]?.insert).toBe('create');
  });

  it('of codes are numbers, of resources without group and subresource', () => {
    expect(valueChoices('request.code', [{ name: '409' }], true)[0]?.insert).toBe('409');
    expect(valueChoices('request.code', [{ name: '409' }], false)).toEqual([]);
    expect(valueChoices('resource', [{ name: 'deployments.apps/status' }, { name: 'deployments.apps' }], true).map((v) => v.insert)).toEqual(['"deployments"']);
  });
});
