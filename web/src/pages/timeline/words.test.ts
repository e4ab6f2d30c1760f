import { describe, expect, it } from 'vitest';
import type { Row } from '../../api/drawn';
import { everything } from '../../url/state';
import { wordText } from './SetBar';
import { quantised } from './useTimelineData';
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

describe('the root of a tree', () => {
  const set = { ...everything, object: 'uid:c8d8165c-aa', down: 2 };
  const row = { uid: 'c8d8165c-aa', kind: 'Deployment', namespace: 'shop', name: 'web', cluster: 'demo', parent: -1 } as Row;

  it('is told by its name as soon as that is known', () => {
    expect(wordText('object', set, [])).toBe('uid c8d8165c… (2 down)');
    expect(wordText('object', set, [{ ...row, uid: 'other' }, row])).toBe('deploy shop/web (2 down)');
    expect(wordText('object', { ...set, object: 'deploy/web' }, [row])).toBe('deploy/web (2 down)');
  });
});

describe('a large set', () => {
  const extent = { from: 0, to: 1e12 };
  it('is asked for by steps of the window', () => {
    const a = quantised({ from: 5e9, to: 6e9 }, extent)!;
    expect(a.from).toBeLessThanOrEqual(4.75e9);
    expect(a.to).toBeGreaterThanOrEqual(6.25e9);
    expect(a.to - a.from).toBeLessThan(4e9);
    expect(quantised({ from: 5e9 + 1e6, to: 6e9 + 1e6 }, extent)).toEqual(a);
  });

  it('is asked for whole where the window shows it all', () => {
    expect(quantised({ from: -1e10, to: 1.01e12 }, extent)).toBeUndefined();
  });
});
