// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FilterBox } from './FilterBox';

// The plain box that stands there until the editor is loaded: it never is.
vi.mock('./Editor', () => new Promise(() => undefined));

const submit = vi.fn();
const box = (filter: string) => <FilterBox filter={filter} cluster="" error={undefined} focusTurn={0} submit={submit} />;
const write = (text: string) => fireEvent.change(screen.getByLabelText('Filter in CEL'), { target: { value: text } });
const wait = (millis: number) => act(async () => void (await vi.advanceTimersByTimeAsync(millis)));

beforeEach(() => {
  submit.mockClear();
  vi.useFakeTimers();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

it('what is written is asked when one stops writing', async () => {
  render(box(''));
  write('kind');
  await wait(400);
  write('kind == "gap"');
  await wait(400);
  expect(submit).not.toHaveBeenCalled();
  await wait(400);
  expect(submit.mock.calls).toEqual([['kind == "gap"', { replace: false }]]);
});

it('a filter that is chosen, or gone back to, is not overwritten by what was written just before', async () => {
  const { rerender } = render(box('kind == "gap"'));
  write('kind == "end"');
  await wait(400);
  rerender(box('kind == "event"'));
  await wait(2000);
  expect(submit).not.toHaveBeenCalled();
  expect(screen.getByLabelText<HTMLInputElement>('Filter in CEL').value).toBe('kind == "event"');
});
