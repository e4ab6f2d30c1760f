import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { useAsker } from '../../copy';
import { Icon, Kbd, Sentence, useModal, useSeen } from '../../parts';
import { useView } from '../../url/useView';
import { itemsFor, type Item } from './items';
import './Palette.css';
import { useFound } from './useFound';

/** The search box: objects as one types, filters, pages, settings. Drawn means open. */
export function Palette({ onClose, showKeys }: { onClose: () => void; showKeys: () => void }) {
  const view = useView();
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [picked, setPicked] = useState('');
  const id = useId();
  const asker = useAsker();
  const found = useFound(text, '');
  const seen = useSeen(view);
  const items = itemsFor(text, found, { view, seen, asker, showKeys });
  const at = Math.max(0, items.findIndex((item) => item.id === picked));
  const current = items[at];

  useModal(dialog);
  useEffect(() => {
    if (current) document.getElementById(`${id}-${current.id}`)?.scrollIntoView({ block: 'nearest' });
  }, [id, current]);

  const run = (item: Item | undefined, second: boolean) => {
    if (!item) return;
    onClose();
    if (second && item.second) item.second.run();
    else item.run();
  };
  const move = (to: number) => setPicked(items[(to + items.length) % items.length]?.id ?? '');
  const keyed = (event: KeyboardEvent) => {
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: Math.min(at + 8, items.length - 1), PageUp: Math.max(at - 8, 0) }[event.key];
    if (to !== undefined) move(to);
    else if (event.key === 'Enter' && !event.nativeEvent.isComposing) run(current, event.altKey);
    else if (event.key === 'Escape') onClose();
    else return event.stopPropagation();
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <dialog
      ref={dialog}
      className="palette"
      aria-label="Search"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => event.target === event.currentTarget && onClose()}
      onKeyDown={keyed}
    >
      <div className="palette-inner">
        <div className="palette-field">
          <Icon name="search" />
          <input
            data-autofocus
            role="combobox"
            aria-expanded
            aria-controls={`${id}-list`}
            aria-autocomplete="list"
            aria-activedescendant={current ? `${id}-${current.id}` : undefined}
            aria-label="Search objects, pages and records"
            placeholder="web   deploy/web   shop/web   request.code >= 400"
            spellCheck={false}
            autoComplete="off"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setPicked('');
            }}
          />
          {found.loading && <span className="palette-busy" aria-hidden />}
        </div>
        <Results id={id} items={items} current={current} loading={found.loading} pick={setPicked} run={run} />
        {found.error && <p className="palette-error" role="alert"><Sentence text={found.error.message} /></p>}
        <footer>
          <span><Kbd name="Enter" /> open</span>
          {current?.second && <span><Kbd name="Alt+Enter" /> {current.second.does}</span>}
          <span className="palette-hint">Names, kind/name, namespace/name, UIDs, or a CEL filter</span>
        </footer>
      </div>
      <span className="visually-hidden" role="status">
        {text.trim() && !found.loading ? `${items.length} results` : ''}
      </span>
    </dialog>
  );
}

interface ResultsProps {
  id: string;
  items: Item[];
  current: Item | undefined;
  loading: boolean;
  pick: (id: string) => void;
  run: (item: Item, second: boolean) => void;
}

function Results({ id, items, current, loading, pick, run }: ResultsProps) {
  const sections = [...new Set(items.map((item) => item.section))];
  return (
    <div id={`${id}-list`} className={loading ? 'palette-list palette-list-stale' : 'palette-list'} role="listbox" aria-label="Results">
      {sections.map((section) => (
        <div key={section} role="group" aria-label={section}>
          <div className="palette-section" aria-hidden>
            {section}
          </div>
          {items.filter((item) => item.section === section).map((item) => (
            <Line key={item.id} id={`${id}-${item.id}`} item={item} on={item === current} pick={pick} run={run} />
          ))}
        </div>
      ))}
    </div>
  );
}

function Line({ id, item, on, pick, run }: { id: string; item: Item; on: boolean; pick: (id: string) => void; run: (item: Item, second: boolean) => void }) {
  return (
    <div
      id={id}
      role="option"
      aria-selected={on}
      className="palette-line"
      onPointerMove={() => !on && pick(item.id)}
      onClick={(event) => run(item, event.altKey)}
    >
      <Icon name={item.icon} size={14} />
      {item.before !== undefined && <span className="palette-kind">{item.before}</span>}
      <span className="palette-words">
        {item.lead && <span className="palette-dim">{item.lead}</span>}
        <span className={item.ended ? 'palette-ended' : undefined}>
          <Matched text={item.words} part={item.match ?? ''} />
        </span>
      </span>
      {item.after && <span className="palette-after">{item.after}</span>}
      {item.second && on && (
        // Only for the mouse: the keyboard has Alt+Enter, which the foot of the box tells.
        <span
          aria-hidden
          className="palette-second"
          onClick={(event) => {
            event.stopPropagation();
            run(item, true);
          }}
        >
          {item.second.does}
        </span>
      )}
    </div>
  );
}

/** Text with the part that was typed set off. */
function Matched({ text, part }: { text: string; part: string }) {
  const at = part ? text.toLowerCase().indexOf(part) : -1;
  if (at < 0) return text;
  return (
    <>
      {text.slice(0, at)}
      <b>{text.slice(at, at + part.length)}</b>
      {text.slice(at + part.length)}
    </>
  );
}
