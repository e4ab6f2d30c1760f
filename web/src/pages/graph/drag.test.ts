// @vitest-environment jsdom
import type { PointerEvent as ReactPointerEvent } from 'react';
import { expect, it, vi } from 'vitest';
import { drag } from './useLens';

const event = (type: string, pointerId: number, clientX: number) => new PointerEvent(type, { pointerId, clientX, clientY: 0 });

function pressed() {
  const [show, clicked] = [vi.fn(), vi.fn()];
  const press = { button: 0, isPrimary: true, pointerId: 1, clientX: 100, clientY: 0, currentTarget: { setPointerCapture: () => undefined } };
  drag(press as unknown as ReactPointerEvent<SVGSVGElement>, { x: 0, y: 0, scale: 2 }, show, clicked);
  return { show, clicked };
}

it('the plane follows the finger that is down, and no other', () => {
  const { show, clicked } = pressed();
  dispatchEvent(event('pointermove', 1, 120));
  expect(show.mock.lastCall).toEqual([{ x: -10, y: 0, scale: 2 }]);
  dispatchEvent(event('pointermove', 2, 400));
  dispatchEvent(event('pointerup', 2, 400));
  dispatchEvent(event('pointermove', 1, 140));
  expect(show.mock.calls).toEqual([[{ x: -10, y: 0, scale: 2 }], [{ x: -20, y: 0, scale: 2 }]]);
  dispatchEvent(event('pointerup', 1, 140));
  dispatchEvent(event('pointermove', 1, 180));
  expect(show).toHaveBeenCalledTimes(2);
  expect(clicked).not.toHaveBeenCalled();
});

it('a press that goes nowhere is a click', () => {
  const { show, clicked } = pressed();
  dispatchEvent(event('pointermove', 1, 102));
  dispatchEvent(event('pointerup', 1, 102));
  expect(show).not.toHaveBeenCalled();
  expect(clicked).toHaveBeenCalledOnce();
});
