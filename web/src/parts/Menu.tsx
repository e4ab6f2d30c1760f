import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import type { IconName } from '../text/icons';
import { Icon } from './Icon';
import { Kbd } from './Kbd';
import './Menu.css';
import { Popover } from './Popover';

export interface MenuItem {
  label: string;
  run: () => void;
  icon?: IconName;
  /** A second, dim line. */
  hint?: string;
  /** Key that does the same. */
  keyName?: string;
  checked?: boolean;
  disabled?: boolean;
  /** Begins a new group, with a heading where it has words. */
  group?: string;
}

export interface MenuProps {
  /** Accessible name; shown where no button is given. */
  label: string;
  items: readonly MenuItem[];
  /** What the button shows. */
  children?: ReactNode;
  icon?: IconName;
  className?: string;
  align?: 'start' | 'end';
}

/** A button that opens a list of actions; arrows, Home, End and first letters move in it. */
export function Menu({ label, items, children, icon, className, align = 'start' }: MenuProps) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        className={className ?? 'button button-quiet'}
        aria-haspopup="menu"
        aria-expanded={open}
        title={label}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown' || open) return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        {icon && <Icon name={icon} size={14} />}
        {children ?? label}
        {children !== undefined && <span className="visually-hidden">, {label}</span>}
      </button>
      {open && (
        <Popover anchor={button} onClose={() => setOpen(false)} role="menu" label={label} align={align} className="menu">
          <MenuItems id={id} items={items} close={close} />
        </Popover>
      )}
    </>
  );
}

/** The actions of a menu in a Popover of role menu: the first one has the focus, and Tab leaves them. close: gives the focus back. */
export function MenuItems({ id, items, close }: { id: string; items: readonly MenuItem[]; close: () => void }) {
  const list = useRef<HTMLDivElement>(null);
  const all = () => [...(list.current?.querySelectorAll<HTMLElement>('[role^=menuitem]:not(:disabled)') ?? [])];
  useEffect(() => {
    // After the popover was placed: before, it can not be focused.
    requestAnimationFrame(() => (list.current?.querySelector<HTMLElement>('[aria-checked=true]') ?? all()[0])?.focus());
  }, []);
  const move = (event: KeyboardEvent) => {
    const there = all();
    const at = there.indexOf(document.activeElement as HTMLElement);
    const step: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
    const to = step[event.key] ?? (event.key.length === 1 ? byLetter(there, at, event.key) : undefined);
    if (event.key === 'Tab') close();
    if (to === undefined || there.length === 0) return;
    event.preventDefault();
    there.at(to % there.length)?.focus();
  };
  return (
    <div ref={list} onKeyDown={move}>
      {items.map((item, i) => (
        <div key={`${id}-${item.group ?? ''}-${item.label}`}>
          {item.group !== undefined && item.group !== items[i - 1]?.group && i > 0 && <hr />}
          {item.group && item.group !== items[i - 1]?.group && <div className="menu-heading">{item.group}</div>}
          <button
            type="button"
            role={item.checked === undefined ? 'menuitem' : 'menuitemradio'}
            {...(item.checked === undefined ? {} : { 'aria-checked': item.checked })}
            disabled={item.disabled}
            tabIndex={-1}
            onClick={() => {
              close();
              item.run();
            }}
          >
            <span className="menu-icon">{item.checked ? <Icon name="check" size={14} /> : item.icon && <Icon name={item.icon} size={14} />}</span>
            <span className="menu-text">
              {item.label}
              {item.hint && <small>{item.hint}</small>}
            </span>
            {item.keyName && <Kbd name={item.keyName} />}
          </button>
        </div>
      ))}
    </div>
  );
}

function byLetter(there: HTMLElement[], at: number, letter: string): number | undefined {
  for (let i = 1; i <= there.length; i++) {
    const index = (at + i) % there.length;
    if (there[index]?.textContent?.trim().toLowerCase().startsWith(letter.toLowerCase())) return index;
  }
  return undefined;
}
