// @vitest-environment jsdom
import { expect, it, vi } from 'vitest';
import { pageKeys } from './keys';
import type { Timeline } from './timeline';

vi.stubGlobal('DOMRect', class { constructor(readonly left: number, readonly top: number, readonly width: number, readonly height: number) {} });

it.each([
  ['object', [[{ kind: 'object' }, { name: 'web' }, { left: 10, top: 120, width: 300, height: 24 }]]],
  ['group', []],
])('the menu of a row opens beside its label: %s', (kind, want) => {
  const opened: unknown[] = [];
  const timeline = {
    focused: 'key', host: { getBoundingClientRect: () => ({ left: 10, top: 20 }) }, scene: { left: 300 },
    spotOf: () => ({ line: { kind }, y: 100, height: 24 }), rowOf: () => ({ name: 'web' }), on: { menu: (...told: unknown[]) => opened.push(told) },
  };
  pageKeys.find((key) => key.keys === 'm')?.run(timeline as unknown as Timeline);
  expect(opened).toEqual(want);
});
