import { useRef } from 'react';
import type { Row } from '../../api/drawn';
import { copyText, kindPath, nameOf, objectView, Popover, rootSet, toPage } from '../../parts';
import { laneKey } from '../../timeline/lanestore';
import type { View } from '../../url/state';
import { go, goTo } from '../../url/useView';
import { toggled, wordOf, type TimelineWords } from './words';

/** What can be done with a row. */
export function RowMenu({ row, at, view, words, close }: { row: Row; at: DOMRect; view: View; words: TimelineWords; close: () => void }) {
  const anchor = useRef<HTMLSpanElement>(null);
  const uid = row.uid ?? '';
  const key = wordOf(laneKey(row.cluster, uid));
  const set = rootSet(row);
  const object = objectView(row, view);
  const actions: ([string, () => void] | undefined)[] = [
    object && ['Open the object', () => goTo(object)],
    uid ? [words.open.includes(key) ? 'Hide its states' : 'Show its states', () => go({ words: { open: toggled(words.open, key) } })] : undefined,
    uid ? [words.pin.includes(key) ? 'Take it from the top' : 'Pin it to the top', () => go({ words: { pin: toggled(words.pin, key) } })] : undefined,
    uid ? ['Show only this', () => go({ set: { ...set, up: 0, down: 0 } })] : undefined,
    ['Show it with its tree', () => go({ set })],
    ['As a trace', () => goTo({ ...toPage('trace', view), set })],
    ['As a graph', () => goTo({ ...toPage('graph', view), set })],
    uid ? ['Leave it out', () => go({ words: { hide: toggled(words.hide, key) } })] : undefined,
    ['Copy its name', () => void copyText(nameOf(row))],
    ['Copy the command', () => void copyText(`kubewake history ${kindPath(row)}/${row.name ?? ''}${row.namespace ? ` -n ${row.namespace}` : ''}`)],
  ];
  return (
    <>
      <span ref={anchor} className="timeline-menu-anchor" style={{ left: at.left, top: at.top, width: at.width, height: at.height }} />
      <Popover anchor={anchor} role="menu" label={`What to do with ${nameOf(row)}`} onClose={close} className="menu">
        {actions.map(
          (action) =>
            action && (
              <button
                key={action[0]}
                type="button"
                role="menuitem"
                onClick={() => {
                  close();
                  action[1]();
                }}
              >
                <span className="menu-icon" />
                <span className="menu-text">{action[0]}</span>
              </button>
            ),
        )}
      </Popover>
    </>
  );
}
