// @vitest-environment jsdom
import { beforeEach, expect, it, vi } from 'vitest';
import { recentObjects, rememberObject } from './recent';
import type { ObjectPath } from './state';

const object = (name: string, uid = ''): ObjectPath => ({ cluster: 'demo', kind: 'pods', namespace: 'shop', name, uid });

beforeEach(() => localStorage.clear());

it('the newest is first, each object once, and twelve are kept', () => {
  for (let i = 0; i < 20; i++) rememberObject(object(`web-${i}`));
  rememberObject(object('web-15', 'another life'));
  const names = recentObjects().map((o) => o.name);
  expect(names.slice(0, 3)).toEqual(['web-15', 'web-19', 'web-18']);
  expect(names).toHaveLength(12);
  expect(recentObjects()[0]?.uid).toBe('another life');
});

it.each(['', 'no json', '{"a":1}', '[1,null,{"cluster":"demo"}]', '[{"cluster":"demo","kind":1,"namespace":"","name":"","uid":""}]'])('%j holds none', (text) => {
  localStorage.setItem('kubewake.recent', text);
  expect(recentObjects()).toEqual([]);
});

it('a browser that stores nothing breaks nothing', () => {
  const closed = vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
    throw new DOMException('closed');
  });
  rememberObject(object('web'));
  closed.mockRestore();
  expect(recentObjects()).toEqual([]);
});
