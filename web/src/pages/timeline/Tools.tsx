import { IconButton, Menu } from '../../parts';
import { go } from '../../url/useView';
import type { Timeline } from '../../timeline/timeline';
import { pageKeys } from '../../timeline/keys';
import { Legend } from './Legend';
import { shownWords, type TimelineWords } from './words';

const shownNames = { requests: 'Requests', reads: 'Reads', events: 'Events', spans: 'Spans' } as const;
const shownHints = { requests: 'what asked for a change', reads: 'get, list and watch', events: 'what components told', spans: 'of traces that were received' } as const;

/** Buttons for what keys do as well, and what is drawn. */
export function Tools({ timeline, words, onExport }: { timeline: Timeline | undefined; words: TimelineWords; onExport: (form: 'png' | 'svg') => void }) {
  const press = (key: string) => () => timeline && pageKeys.find((k) => k.keys.split('|').includes(key))?.run(timeline);
  const { shown } = words;
  const count = Object.values(shown).filter(Boolean).length;
  return (
    <div className="timeline-tools-bar" role="toolbar" aria-label="Picture">
      <IconButton small icon="minus" label="Zoom out (s)" onClick={press('s')} />
      <IconButton small icon="plus" label="Zoom in (w)" onClick={press('w')} />
      <IconButton small icon="fit" label="Show everything (0)" onClick={press('0')} />
      <Menu
        label="What is drawn"
        className="button button-small"
        items={(Object.keys(shownNames) as (keyof typeof shownNames)[]).map((name) => ({
          label: shownNames[name], hint: shownHints[name], checked: shown[name], run: () => go({ words: shownWords({ ...shown, [name]: !shown[name] }) }),
        }))}
      >
        {`Shown: ${count === 4 ? 'all' : `${count} of 4`}`}
      </Menu>
      <Legend />
      <Menu
        label="Save the picture"
        className="button button-small"
        align="end"
        items={[
          { label: 'PNG', hint: 'as it is on the screen', run: () => onExport('png') },
          { label: 'SVG', hint: 'sharp at any size', run: () => onExport('svg') },
        ]}
      >
        Save
      </Menu>
    </div>
  );
}
