import { useEffect, useState } from 'react';
import { IconButton } from './Button';
import { copyText } from './copyText';

/** A small button that copies a value, and says that it did. */
export function Copy({ value, label }: { value: string; label: string }) {
  const [done, setDone] = useState<'' | 'copied' | 'failed'>('');
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(''), 1500);
    return () => clearTimeout(timer);
  }, [done]);
  const say = done === 'copied' ? 'Copied' : done === 'failed' ? 'The browser does not let us copy' : `Copy ${label}`;
  return (
    <>
      <IconButton
        small
        icon={done === 'copied' ? 'check' : done === 'failed' ? 'warn' : 'copy'}
        label={say}
        onClick={() => {
          copyText(value).then(
            () => setDone('copied'),
            () => setDone('failed'),
          );
        }}
      />
      <span className="visually-hidden" role="status">
        {done && say}
      </span>
    </>
  );
}
