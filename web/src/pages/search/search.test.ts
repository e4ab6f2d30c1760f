import { describe, expect, it } from 'vitest';
import type { Hit } from '../../api/types';
import { everything, type View } from '../../url/state';
import { conditionsOf, guessOf, hasTerm, isUnfinished, narrowed, tokensOf, widened } from './cel';
import { placeAt, valueChoices, wordChoices, type Field } from './completion';
import { facetsOf, hitColumns, spansDays, termsOf } from './facets';
import { paramsOf, placeOf, plainProblem, toggled } from './question';

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

  it('waits while somebody is in the middle of writing', () => {
    for (const text of ['a ==', 'a &&', 'request.', 'f(a', 'a == "x', 'a in ["b"', '!']) expect(isUnfinished(text)).toBe(true);
    for (const text of ['', 'a', 'a == "x"', 'f(a)', 'a in ["b"] // &&']) expect(isUnfinished(text)).toBe(false);
  });

  it('guesses what plain words mean', () => {
    expect(guessOf(' web-1 ')).toBe('name.contains("web-1")');
    expect(guessOf('web*')).toBe('name.contains("web")');
    for (const text of ['', 'true', '200', 'request.', 'request.user', 'web-', 'name == "x"', '*']) expect(guessOf(text)).toBeUndefined();
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

describe('questions', () => {
  const view: View = { page: 'search', set: { ...everything, filter: ' a == "b" ', cluster: 'demo' }, words: {} };

  it('say what the URL says', () => {
    expect(paramsOf(view, undefined)).toMatchObject({ filter: 'a == "b"', cluster: 'demo', newest: true, reads: false, record: '', limit: 500 });
    expect(paramsOf({ ...view, words: { order: 'oldest', reads: 'true', record: 'event,nothing,request' }, from: 1_000_000 }, undefined)).toMatchObject({
      newest: false, reads: true, record: 'request,event', from: '1970-01-01T00:00:01Z', to: undefined,
    });
  });

  it('are none without filter and kinds, nor before now is known', () => {
    expect(paramsOf({ ...view, set: everything }, 5)).toBeUndefined();
    expect(paramsOf({ ...view, set: everything, words: { record: 'gap' } }, 5)).toBeDefined();
    expect(paramsOf({ ...view, follow: 1_000_000 }, undefined)).toBeUndefined();
    expect(paramsOf({ ...view, follow: 1_000_000 }, 3_000_000)).toMatchObject({ from: '1970-01-01T00:00:02Z' });
  });

  it('toggle kinds, and all are as good as none', () => {
    expect(toggled(['event'], 'request')).toBe('request,event');
    expect(toggled(['request', 'event'], 'event')).toBe('request');
    expect(toggled(['request', 'revision', 'end', 'event', 'gap'], 'span')).toBe('');
  });
});

describe('problems', () => {
  const word = (filter: string, line: number, column: number) => {
    const place = placeOf(filter, line, column)!;
    return filter.slice(place.from, place.to);
  };
  it.each([
    ['request.codx >= 400', 1, 8, 'codx'],
    ['"ü😀" == name && foo', 1, 17, 'foo'],
    ['a ==\n  b.c', 2, 3, 'b'],
    ['a == "x', 1, 6, '"x'],
    ['a ==', 1, 5, '='],
    ['a == b', 1, 400, 'b'],
  ])('of %j at %d:%d are at %j', (filter, line, column, want) => expect(word(filter, line, column)).toBe(want));

  it.each([
    ["filter, line 1, column 39: Syntax error: mismatched input '<EOF>' expecting {'[', '{', NUM_FLOAT}", 'line 1, column 39: the filter is not complete'],
    ["filter, line 1, column 3: Syntax error: extraneous input '&&' expecting <EOF>", 'line 1, column 3: && is not expected here'],
    ["filter, line 1, column 3: Syntax error: token recognition error at: 'ü'", 'line 1, column 3: ü means nothing in a filter'],
    ["filter, line 1, column 8: undefined field 'usr'; did you mean user?", "line 1, column 8: undefined field 'usr'; did you mean user?"],
    ['something else', 'something else'],
  ])('are told without the grammar: %j', (detail, want) => expect(plainProblem(detail)).toBe(want));

  it('without a column are nowhere', () => expect(placeOf('a', 1, undefined)).toBeUndefined());
});

describe('facets', () => {
  const hit = (over: Partial<Hit>): Hit => ({ id: '', kind: 'request', when: {}, object: { cluster: 'demo', resource: 'pods', namespace: 'shop' }, summary: '', ...over });
  const asked = (user: string, code: number) => ({ actor: { user }, code, verb: 'get' }) as Hit['request'] & object;

  it('count what hits have, most first', () => {
    const groups = facetsOf([hit({ request: asked('bob', 200) }), hit({ request: asked('eve', 403) }), hit({ request: asked('eve', 403) })], 1);
    const group = (title: string) => groups.find((one) => one.title === title)!;
    expect(group('User')).toMatchObject({ facets: [{ value: 'eve', count: 2 }], left: 1 });
    expect(group('Code').facets[0]?.term).toEqual({ field: 'request.code', is: '==', value: 403 });
    expect(groups.map((one) => one.title)).not.toContain('Cluster');
  });

  it('offer what one hit has', () => {
    expect(termsOf(hit({ request: asked('eve', 403) })).map((term) => term.field)).toEqual(['request.user', 'request.verb', 'request.code', 'resource', 'namespace']);
  });

  it('lay hits on time, each once', () => {
    const columns = hitColumns(
      [hit({ when: { at: '1970-01-01T00:00:00.5Z' } }), hit({ when: { at: '1970-01-01T00:00:00.5Z' }, request: asked('eve', 403) }), hit({}), hit({ when: { at: '1970-01-01T00:00:09Z' } })],
      { from: 0, to: 1_000_000 }, 10,
    );
    expect(columns).toEqual({ from: 0, to: 1_000_000, bin: 100_000, bins: [{ bin: 5, changes: 1, failed: 1 }] });
  });

  it('are of days as the zone has them', () => {
    const before = process.env['TZ'];
    process.env['TZ'] = 'Asia/Kolkata';
    try {
      const evening = hit({ when: { at: '2026-11-21T17:00:00Z' } });
      const night = hit({ when: { at: '2026-11-21T21:00:00Z' } });
      const morning = hit({ when: { at: '2026-11-22T01:00:00Z' } });
      expect([spansDays([evening, night], 'utc'), spansDays([evening, night], 'local')]).toEqual([false, true]);
      expect([spansDays([night, morning], 'utc'), spansDays([night, morning], 'local')]).toEqual([true, false]);
      expect([spansDays([], 'local'), spansDays([evening, hit({})], 'utc')]).toEqual([false, true]);
    } finally {
      if (before === undefined) delete process.env['TZ'];
      else process.env['TZ'] = before;
    }
  });
});
