import { IconButton } from './Button';
import { copiedWords, useCopy } from './useCopy';

/** A small button that copies a value, and says that it did. */
export function Copy({ value, label }: { value: string; label: string }) {
  const { done, copy } = useCopy();
  return (
    <>
      <IconButton
        small
        icon={done === 'copied' ? 'check' : done === 'failed' ? 'warn' : 'copy'}
        label={copiedWords[done] || `Copy ${label}`}
        onClick={() => copy(value)}
      />
      <span className="visually-hidden" role="status">
        {copiedWords[done]}
      </span>
    </>
  );
}
