import { useCallback, useEffect, useState } from 'react';
import { copyText } from './copyText';

/** How the last copy went, for a moment; empty: nothing is to be said. */
export type Copied = '' | 'copied' | 'failed';

/** What to say of it. */
export const copiedWords: Record<Copied, string> = { '': '', copied: 'Copied', failed: 'The browser does not let us copy' };

const saidMillis = 1600;

/** Copies text, and for a moment tells how that went. */
export function useCopy(): { done: Copied; copy: (text: string) => void } {
  const [done, setDone] = useState<Copied>('');
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(''), saidMillis);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = useCallback((text: string) => {
    copyText(text).then(
      () => setDone('copied'),
      () => setDone('failed'),
    );
  }, []);
  return { done, copy };
}
