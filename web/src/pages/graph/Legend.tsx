import type { RefObject } from 'react';
import { Button, IconButton } from '../../parts';
import type { Picture } from './useLens';
import { linkTypes } from './words';

export interface LegendProps {
  types: readonly string[];
  hidden: ReadonlySet<string>;
  ended: boolean;
  colorOf: (type: string) => string;
  picture: RefObject<Picture | null>;
  onType: (type: string) => void;
  onEnded: () => void;
}

/** Which lines mean what; each type is switched on and off here. */
export function Legend({ types, hidden, ended, colorOf, picture, onType, onEnded }: LegendProps) {
  const order = linkTypes.map(([type]) => type);
  const place = (type: string) => (order.includes(type) ? order.indexOf(type) : order.length);
  return (
    <div className="graph-foot">
      <div className="graph-legend" role="group" aria-label="Types of links">
        {[...types].sort((a, b) => place(a) - place(b)).map((type) => (
          <button key={type} type="button" aria-pressed={!hidden.has(type)} title={linkTypes.find(([t]) => t === type)?.[2] ?? 'of a rule of yours'} onClick={() => onType(type)}>
            <svg width={22} height={8} className={`graph-line type-${type}`} style={{ color: colorOf(type) }} aria-hidden>
              <path d="M1 4H21" />
            </svg>
            {type}
          </button>
        ))}
        <Button small look="quiet" on={ended} title="Also what is over by then, or not there yet" onClick={onEnded}>
          Whole window
        </Button>
      </div>
      <div className="graph-zoom" role="group" aria-label="Zoom">
        <IconButton small icon="zoom" label="Zoom in (w)" onClick={() => picture.current?.zoom(1.4)} />
        <Button small look="quiet" title="Zoom out (s)" onClick={() => picture.current?.zoom(1 / 1.4)}>−</Button>
        <Button small look="quiet" title="Show all (0)" onClick={() => picture.current?.fit()}>Fit</Button>
      </div>
    </div>
  );
}
