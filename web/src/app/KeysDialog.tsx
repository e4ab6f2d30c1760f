import { Dialog, Kbd } from '../parts';
import { everywhere, namesOf, useRegisteredKeys } from '../url/keys';
import './KeysDialog.css';

/** All keys that work where one is, by what registered them: the page's first. */
export function KeysDialog({ onClose }: { onClose: () => void }) {
  const registered = useRegisteredKeys();
  const titles = [...new Set(registered.map(({ title }) => title))].sort((a, b) => Number(a === everywhere) - Number(b === everywhere));
  return (
    <Dialog title="Keys" onClose={onClose} wide={titles.length > 1}>
      <div className={titles.length > 1 ? 'keys-columns' : 'keys-columns keys-columns-one'}>
        {titles.map((title) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>{linesOf(registered.filter((one) => one.title === title).map(({ keys }) => keys))}</dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

function linesOf(all: readonly Record<string, { does: string; hidden?: boolean }>[]) {
  // One line for what two registrations say alike.
  const lines = new Map<string, string>();
  for (const keys of all) for (const [names, { does, hidden }] of Object.entries(keys)) if (!hidden) lines.set(names, does);
  return [...lines].map(([names, does]) => (
    <div key={names}>
      <dt>{does}</dt>
      <dd>
        {namesOf(names).map((name) => (
          <Kbd key={name} name={name} />
        ))}
      </dd>
    </div>
  ));
}
