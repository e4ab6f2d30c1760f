import { useEffect, useId, useRef } from 'react';
import type { Row } from '../../api/drawn';
import { historyCommand, useAsker } from '../../copy';
import { MenuItems, nameOf, objectView, Popover, rootSet, toPage, type MenuItem } from '../../parts';
import { laneKey } from '../../timeline/lanestore';
import type { View } from '../../url/state';
import { go, goTo } from '../../url/useView';
import { toggled, wordOf, type TimelineWords } from './words';

/** What can be done with a row. */
export function RowMenu({ row, at, view, words, copy, close }: { row: Row; at: DOMRect; view: View; words: TimelineWords; copy: (text: string) => void; close: () => void }) {
  const anchor = useRef<HTMLSpanElement>(null);
  const id = useId();
  const asker = useAsker();
  useFocusBack();
  const uid = row.uid ?? '';
  const key = wordOf(laneKey(row.cluster, uid));
  const set = rootSet(row);
  const object = objectView(row, view);
  const item = (label: string, run: () => void, there = true): MenuItem[] => (there ? [{ label, run }] : []);
  const items = [
    ...item('Open the object', () => object && goTo(object), object !== undefined),
    ...item(words.open.includes(key) ? 'Hide its states' : 'Show its states', () => go({ words: { open: toggled(words.open, key) } }), uid !== ''),
    ...item(words.pin.includes(key) ? 'Take it from the top' : 'Pin it to the top', () => go({ words: { pin: toggled(words.pin, key) } }), uid !== ''),
    ...item('Show only this', () => go({ set: { ...set, up: 0, down: 0 } }), uid !== ''),
    ...item('Show it with its tree', () => go({ set })),
    ...item('As a trace', () => goTo({ ...toPage('trace', view), set })),
    ...item('As a graph', () => goTo({ ...toPage('graph', view), set })),
    ...item('Leave it out', () => go({ words: { hide: toggled(words.hide, key) } }), uid !== ''),
    ...item('Copy its name', () => copy(nameOf(row))),
    ...item('Copy the command', () => copy(historyCommand(row, {}, asker))),
  ];
  return (
    <>
      <span ref={anchor} className="timeline-menu-anchor" style={{ left: at.left, top: at.top, width: at.width, height: at.height }} />
      <Popover anchor={anchor} role="menu" label={`What to do with ${nameOf(row)}`} onClose={close} className="menu">
        <MenuItems id={id} items={items} close={close} />
      </Popover>
    </>
  );
}

/** What had the focus before has it again afterwards, unless something else took it meanwhile. */
function useFocusBack(): void {
  useEffect(() => {
    const before = document.activeElement;
    return () => {
      if (document.activeElement === document.body && before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
}
