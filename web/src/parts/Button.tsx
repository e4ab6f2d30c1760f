import type { ButtonHTMLAttributes, ReactNode } from 'react';
import type { IconName } from '../text/icons';
import './Button.css';
import { Icon } from './Icon';

type Native = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'type'>;

export interface ButtonProps extends Native {
  /** primary: the one thing to do here. quiet: without border, for rows and bars. */
  look?: 'plain' | 'primary' | 'quiet' | 'danger';
  icon?: IconName;
  /** Pressed or not, for buttons that switch something. */
  on?: boolean;
  small?: boolean;
  children?: ReactNode;
}

export function Button({ look = 'plain', icon, on, small, className, children, ...native }: ButtonProps) {
  const names = ['button', `button-${look}`, small ? 'button-small' : '', on ? 'button-on' : '', className ?? ''];
  return (
    <button type="button" className={names.filter(Boolean).join(' ')} {...(on === undefined ? {} : { 'aria-pressed': on })} {...native}>
      {icon && <Icon name={icon} size={14} />}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Native {
  icon: IconName;
  /** What it does: its accessible name and its tooltip. */
  label: string;
  on?: boolean;
  small?: boolean;
}

export function IconButton({ icon, label, on, small, className, ...native }: IconButtonProps) {
  const names = ['button', 'button-quiet', 'button-icon', small ? 'button-small' : '', on ? 'button-on' : '', className ?? ''];
  return (
    <button
      type="button"
      className={names.filter(Boolean).join(' ')}
      aria-label={label}
      title={label}
      {...(on === undefined ? {} : { 'aria-pressed': on })}
      {...native}
    >
      <Icon name={icon} size={small ? 14 : 16} />
    </button>
  );
}

/** One of a few, side by side. */
export function Segments<T extends string>({ label, value, options, onChange, small }: {
  label: string;
  value: T;
  options: readonly { value: T; label: ReactNode; title?: string }[];
  onChange: (value: T) => void;
  small?: boolean;
}) {
  return (
    <div className={small ? 'segments segments-small' : 'segments'} role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option.value} type="button" aria-pressed={option.value === value} title={option.title} onClick={() => onChange(option.value)}>
          {option.label}
        </button>
      ))}
    </div>
  );
}
