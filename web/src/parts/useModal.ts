import { useEffect, type RefObject } from 'react';

/**
 * Shows a dialog over the page as long as it is drawn. The focus goes to its element with data-autofocus (React's autoFocus would come too early, and
 * be taken again by the dialog), and back where it was when it is closed.
 */
export function useModal(dialog: RefObject<HTMLDialogElement | null>): void {
  useEffect(() => {
    const shown = dialog.current;
    if (!shown) return;
    const before = document.activeElement;
    if (typeof shown.showModal === 'function') shown.showModal();
    else shown.setAttribute('open', '');
    shown.querySelector<HTMLElement>('[data-autofocus]')?.focus();
    return () => {
      if (typeof shown.close === 'function') shown.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [dialog]);
}
