import { keyLabels } from '../url/keys';
import './Kbd.css';

/** A key as it is labelled: "Mod+k" is Ctrl K, or ⌘ K. */
export function Kbd({ name }: { name: string }) {
  return (
    <span className="kbd">
      {keyLabels(name).map((label, i) => (
        <kbd key={`${i}-${label}`}>{label}</kbd>
      ))}
    </span>
  );
}
