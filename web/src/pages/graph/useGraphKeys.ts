import type { RefObject } from 'react';
import type { Grouped } from '../../layout/group';
import { boxTowards, type Direction, type Placed } from '../../layout/place';
import type { Moment } from '../../time/moment';
import { useKeys } from '../../url/keys';
import { go } from '../../url/useView';
import type { Picture } from './useLens';
import { neighbours } from './columns';

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
      ArrowLeft: { does: 'Card to the left', run: () => towards('left') },
      ArrowRight: { does: 'Card to the right', run: () => towards('right') },
      ArrowUp: { does: 'Card above', run: () => towards('up') },
      ArrowDown: { does: 'Card below', run: () => towards('down') },
      o: { does: 'Open the object, or the group', run: () => selected && open(selected) },
      x: { does: 'Show what else it is linked with; open or close its group', run: () => selected && expand(selected) },
      '.': { does: 'Next change of the graph', run: () => after !== undefined && move(after, false) },
      ',': { does: 'Change of the graph before', run: () => before !== undefined && move(before, false) },
      'w|+|=': { does: 'Zoom in', run: () => picture.current?.zoom(1.4) },
      's|-': { does: 'Zoom out', run: () => picture.current?.zoom(1 / 1.4) },
      'a|Shift+ArrowLeft': { does: 'To the left', run: () => picture.current?.pan(-0.2, 0) },
      'd|Shift+ArrowRight': { does: 'To the right', run: () => picture.current?.pan(0.2, 0) },
      'Shift+ArrowUp': { does: 'Up', run: () => picture.current?.pan(0, -0.2) },
      'Shift+ArrowDown': { does: 'Down', run: () => picture.current?.pan(0, 0.2) },
      '0': { does: 'Show all', run: () => picture.current?.fit() },
      f: { does: 'Show the selected card', run: () => selected && picture.current?.reveal(selected) },
      Escape: { does: 'Select nothing', run: () => go({ sel: undefined }) },
    },
    'Graph',
  );
}
