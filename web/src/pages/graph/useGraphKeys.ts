import type { RefObject } from 'react';
import type { Grouped } from '../../layout/group';
import { boxTowards, type Direction, type Placed } from '../../layout/place';
import type { Moment } from '../../time/moment';
import { useKeys } from '../../url/keys';
import { go } from '../../url/useView';
import type { Picture } from './GraphView';
import { neighbours } from './Scrubber';

export interface GraphKeys {
  grouped: Grouped;
  placed: Placed;
  selected: string | undefined;
  at: Moment;
  changes: readonly Moment[];
  picture: RefObject<Picture | null>;
  select: (card: string | undefined) => void;
  open: (card: string) => void;
  expand: (card: string) => void;
  move: (at: Moment, dragging: boolean) => void;
}

/** The keys of the graph: arrows go from card to card, the others do what they do on the timeline. */
export function useGraphKeys({ grouped, placed, selected, at, changes, picture, select, open, expand, move }: GraphKeys): void {
  const towards = (direction: Direction) => {
    const next = selected ? boxTowards(placed.boxes, selected, direction) : grouped.cards[0]?.id;
    if (next) select(next);
  };
  const [before, after] = neighbours(changes, at);
  useKeys(
    {
      ArrowLeft: { does: 'card to the left', run: () => towards('left') },
      ArrowRight: { does: 'card to the right', run: () => towards('right') },
      ArrowUp: { does: 'card above', run: () => towards('up') },
      ArrowDown: { does: 'card below', run: () => towards('down') },
      o: { does: 'open the object, or the group', run: () => selected && open(selected) },
      x: { does: 'show what else it is linked with; open or close its group', run: () => selected && expand(selected) },
      '.': { does: 'next change of the graph', run: () => after !== undefined && move(after, false) },
      ',': { does: 'change of the graph before', run: () => before !== undefined && move(before, false) },
      'w|+|=': { does: 'zoom in', run: () => picture.current?.zoom(1.4) },
      's|-': { does: 'zoom out', run: () => picture.current?.zoom(1 / 1.4) },
      'a|Shift+ArrowLeft': { does: 'to the left', run: () => picture.current?.pan(-0.2, 0) },
      'd|Shift+ArrowRight': { does: 'to the right', run: () => picture.current?.pan(0.2, 0) },
      'Shift+ArrowUp': { does: 'up', run: () => picture.current?.pan(0, -0.2) },
      'Shift+ArrowDown': { does: 'down', run: () => picture.current?.pan(0, 0.2) },
      '0': { does: 'show all', run: () => picture.current?.fit() },
      f: { does: 'show the selected card', run: () => selected && picture.current?.reveal(selected) },
      Escape: { does: 'select nothing', run: () => go({ sel: undefined }) },
    },
    'Graph',
  );
}
