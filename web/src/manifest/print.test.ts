import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { State } from '../api/types';
import { withoutManagedFields, withoutNoise } from './noise';
import { parseExact } from '../text/whole';
import { placeOf, valueAt } from './path';
import { printManifest } from './print';

const file = (name: string) => readFileSync(new URL(`testdata/${name}`, import.meta.url), 'utf8');

describe('printing manifests', () => {
  it.each(['deployment', 'inferred', 'pod', 'node', 'secret', 'service'])('%s is printed as the command line prints it', (name) => {
    const state = JSON.parse(file(`${name}.state.json`)) as State;
    expect(printManifest(withoutManagedFields(state.manifest)).text + '\n').toBe(file(`${name}.yaml`));
  });

  it('does not wrap long lines, as the command line does', () => {
    const state = JSON.parse(file('configmap.state.json')) as State;
    const { text } = printManifest(withoutManagedFields(state.manifest));
    expect(text.split('\n')).toHaveLength(file('configmap.yaml').trimEnd().split('\n').length - 3);
    expect(parse(text)).toEqual(parse(file('configmap.yaml')));
  });

  it('is read back as it was', () => {
    const strings = [
      '', ' ', 'a', 'true', 'True', 'no', 'NULL', '~', '1', '-1', '1.5', '1e3', '0x1f', '0o17', '1_000', '12:30:45', '2026-11-21', '2026-11-21T15:26:25Z', '.inf',
      '- a', '-', '?', '?x', ': a', 'a: b', 'a:', 'a #b', '#a', '&a', '*a', '!a', '|', '>', "it's", "'a'", '"a"', '%a', '@a', '`a', '{a', '[a', ']', '}', ',', 'a, b', '---', '...', '<<', '=',
      'a\nb', 'a\nb\n', 'a\n\n', '\na', '\n', '  a\nb', 'a\n  b', 'tab\tin', '\ttab\nx', 'a \nb ', 'cr\r\nlf', 'nul\u0000', '\u0085', '\u2028', 'é', '日本', '😀', '\ud800', 'x'.repeat(300), ' lead', 'trail ',
      'a\n\n\nb', '\n  a\n b', '25%', 'http://a/b?c=d', 'C:\\path', '0755', '1.2.3', 'y', 'on',
    ];
    const value = {
      strings, nested: [[1, [2, 3]], [], {}, [{ a: 1, b: [] }], { deep: { er: { list: [{ x: 'a\nb' }] } } }],
      'odd: name': 1, '': 2, 'a#b': 3, '- x': 4, '1': 5, true: false, nothing: null, number: -1.5e30, members: Object.fromEntries(strings.map((s, i) => [s, i])),
    };
    const { text, lines } = printManifest(value);
    for (const version of ['1.1', '1.2'] as const) expect(parse(text, { version, uniqueKeys: false })).toEqual(value);
    expect(text.split('\n')).toHaveLength(lines.length);
  });

  it('prints whole numbers as they were written, however large', () => {
    const manifest = parseExact('{"spec":{"ids":[9007199254740993,1],"most":18446744073709551615},"least":-9223372036854775808}');
    expect(printManifest(manifest).text).toBe('least: -9223372036854775808\nspec:\n  ids:\n  - 9007199254740993\n  - 1\n  most: 18446744073709551615');
    expect(placeOf(parseExact('[{"id":9007199254740992},{"id":9007199254740993}]'), '[id=9007199254740993].id')).toEqual([1, 'id']);
  });

  it('tells of each line which value it shows', () => {
    const value = { b: [{ c: 1, d: 'x\ny' }], a: {} };
    const { text, lines } = printManifest(value);
    expect(text).toBe('a: {}\nb:\n- c: 1\n  d: |-\n    x\n    y');
    expect(lines).toEqual([
      { place: ['a'], leaf: true },
      { place: ['b'], leaf: false },
      { place: ['b', 0, 'c'], leaf: true },
      { place: ['b', 0, 'd'], leaf: true },
      { place: ['b', 0, 'd'], leaf: true },
      { place: ['b', 0, 'd'], leaf: true },
    ]);
    expect(valueAt(value, ['b', 0, 'd'])).toBe('x\ny');
  });

  it.each([null, 1, 'x', [], {}, [1]])('prints %j', (value) => {
    expect(parse(printManifest(value).text)).toEqual(value);
  });
});

describe('noise', () => {
  const manifest = { kind: 'Pod', metadata: { name: 'a', generation: 2, resourceVersion: '7', managedFields: [{}] }, spec: { generation: 1 } };
  it('is left out, and nothing else', () => {
    expect(withoutNoise(manifest)).toEqual({ kind: 'Pod', metadata: { name: 'a' }, spec: { generation: 1 } });
    expect(withoutManagedFields(manifest)).toEqual({ ...manifest, metadata: { name: 'a', generation: 2, resourceVersion: '7' } });
    expect(manifest.metadata.managedFields).toHaveLength(1);
  });
  it.each([null, 'x', [], { metadata: null }, {}])('%j stays as it is', (value) => {
    expect(withoutNoise(value)).toBe(value);
  });
});
