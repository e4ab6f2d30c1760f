/** What is kept in this browser. Where its storage is closed to us nothing is, and nothing fails. */

/** What was kept under a key; empty: nothing. */
export function kept(key: string): string {
  try {
    return localStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}

/** Keeps a text, or with an empty one nothing any more, and says whether that was possible. */
export function keep(key: string, text: string): boolean {
  try {
    if (text) localStorage.setItem(key, text);
    else localStorage.removeItem(key);
    return true;
  } catch {
    return false;
  }
}

/** The number of a key; undefined: none was kept, or one below the least. */
export function keptNumber(key: string, least: number): number | undefined {
  const number = Number(kept(key));
  return number >= least ? number : undefined;
}

export function keepNumber(key: string, value: number): void {
  keep(key, String(Math.round(value)));
}
