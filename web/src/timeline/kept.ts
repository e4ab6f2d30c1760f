/** Widths that a person left, kept in this browser. Where its storage is closed to us they last as long as the page. */

/** The number of a key; undefined: none was kept, or one below the least. */
export function keptNumber(key: string, least: number): number | undefined {
  try {
    const kept = Number(localStorage.getItem(key));
    return kept >= least ? kept : undefined;
  } catch {
    return undefined;
  }
}

export function keepNumber(key: string, value: number): void {
  try {
    localStorage.setItem(key, String(Math.round(value)));
  } catch {
    // Nothing depends on it.
  }
}
