// @vitest-environment jsdom
import { act, renderHook } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { setTheme, setZone, theme, useTheme, useZone, zone } from './prefs';

let systemIsDark = false;

beforeEach(() => {
  systemIsDark = false;
  vi.stubGlobal('matchMedia', () => ({ matches: systemIsDark }));
  setZone('local');
  setTheme('system');
  localStorage.clear();
});

describe('prefs', () => {
  it('are local time and the system theme unless somebody chose', () => {
    expect(zone()).toBe('local');
    expect(theme()).toBe('system');
    localStorage.setItem('kubewake.zone', 'mars');
    localStorage.setItem('kubewake.theme', 'plaid');
    expect(zone()).toBe('local');
    expect(theme()).toBe('system');
  });

  it('are kept under the names that theme.js reads', () => {
    setZone('utc');
    setTheme('dark');
    expect(localStorage.getItem('kubewake.zone')).toBe('utc');
    expect(localStorage.getItem('kubewake.theme')).toBe('dark');
    setTheme('system');
    expect(localStorage.getItem('kubewake.theme')).toBeNull();
  });

  it('show the theme at once, and by the system where that is chosen', () => {
    setTheme('dark');
    expect(document.documentElement.dataset['theme']).toBe('dark');
    setTheme('system');
    expect(document.documentElement.dataset['theme']).toBe('light');
    systemIsDark = true;
    setTheme('system');
    expect(document.documentElement.dataset['theme']).toBe('dark');
    setTheme('light');
    expect(document.documentElement.dataset['theme']).toBe('light');
  });

  it('reach everything that is drawn', () => {
    const drawn = renderHook(() => [useZone(), useTheme()]);
    act(() => setZone('utc'));
    act(() => setTheme('dark'));
    expect(drawn.result.current).toEqual(['utc', 'dark']);
  });

  it('follow another tab', () => {
    const drawn = renderHook(() => useTheme());
    localStorage.setItem('kubewake.theme', 'dark');
    act(() => void dispatchEvent(new StorageEvent('storage', { key: 'kubewake.theme' })));
    expect(drawn.result.current).toBe('dark');
    expect(document.documentElement.dataset['theme']).toBe('dark');
  });

  it('last as long as the page where storage is closed', () => {
    const closed = vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new DOMException('closed');
    });
    setZone('utc');
    expect(zone()).toBe('utc');
    closed.mockRestore();
    setZone('local');
    expect(zone()).toBe('local');
  });
});
