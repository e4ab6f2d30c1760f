import { useEffect, useLayoutEffect, useRef, useState, type ReactNode, type RefObject } from 'react';
import { createPortal } from 'react-dom';
import './Popover.css';

export interface PopoverProps {
  /** What it hangs on. */
  anchor: RefObject<HTMLElement | null>;
  onClose: () => void;
  align?: 'start' | 'end';
  label?: string;
  role?: 'menu' | 'dialog' | 'listbox';
  className?: string;
  children: ReactNode;
}

/** A panel below (or, without room, above) its anchor; closed by Escape, by a click elsewhere and by leaving it with Tab. */
export function Popover({ anchor, onClose, align = 'start', label, role = 'dialog', className, children }: PopoverProps) {
  const panel = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<{ left: number; top: number }>();

  useLayoutEffect(() => {
    const measure = () => {
      const at = anchor.current?.getBoundingClientRect();
      const own = panel.current?.getBoundingClientRect();
      if (!at || !own) return;
      const left = align === 'start' ? at.left : at.right - own.width;
      const below = at.bottom + 4;
      const top = below + own.height > innerHeight - 8 && at.top - own.height - 4 > 8 ? at.top - own.height - 4 : below;
      setPlace({ left: Math.max(8, Math.min(left, innerWidth - own.width - 8)), top });
    };
    measure();
    addEventListener('resize', measure);
    return () => removeEventListener('resize', measure);
  }, [anchor, align]);

  useEffect(() => {
    const outside = (event: PointerEvent) => {
      const target = event.target as Node;
      if (!panel.current?.contains(target) && !anchor.current?.contains(target)) onClose();
    };
    addEventListener('pointerdown', outside);
    return () => removeEventListener('pointerdown', outside);
  }, [anchor, onClose]);

  return createPortal(
    <div
      ref={panel}
      className={className ? `popover ${className}` : 'popover'}
      role={role}
      aria-label={label}
      tabIndex={-1}
      style={place ? { left: place.left, top: place.top } : { visibility: 'hidden', left: 0, top: 0 }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key !== 'Escape') return;
        event.preventDefault();
        onClose();
        anchor.current?.focus();
      }}
      onBlur={(event) => {
        const next = event.relatedTarget;
        if (next && !panel.current?.contains(next) && !anchor.current?.contains(next)) onClose();
      }}
    >
      {children}
    </div>,
    document.body,
  );
}
