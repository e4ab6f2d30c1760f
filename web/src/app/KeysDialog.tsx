import { Dialog, Kbd } from '../parts';
import { listedKeys, useRegisteredKeys } from '../url/keys';
import './KeysDialog.css';

/** All keys that work where one is, by what registered them: the page's first. */
export function KeysDialog({ onClose }: { onClose: () => void }) {
  const sections = listedKeys(useRegisteredKeys());
  return (
    <Dialog title="Keys" onClose={onClose} wide={sections.length > 1}>
      <div className={sections.length > 1 ? 'keys-columns' : 'keys-columns keys-columns-one'}>
        {sections.map(({ title, lines }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {lines.map(({ names, does }) => (
                <div key={names.join(' ')}>
                  <dt>{does}</dt>
                  <dd>
                    {names.map((name) => (
                      <Kbd key={name} name={name} />
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
