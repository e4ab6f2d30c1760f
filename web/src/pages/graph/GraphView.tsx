import { memo, useState, type Ref } from 'react';
import type { Grouped, Line } from '../../layout/group';
import { pathOf, type Placed, type Point } from '../../layout/place';
import type { CardFace } from './face';
import { GraphCard } from './GraphCard';
import { labelsOf, nearOf, type Label } from './lines';
import { drag, useLens, type Picture } from './useLens';

interface GraphViewProps {
  grouped: Grouped;
  placed: Placed;
  faces: ReadonlyMap<string, CardFace>;
  selected: string | undefined;
  asked: ReadonlySet<string>;
  picture: Ref<Picture | null>;
  onSelect: (card: string | undefined) => void;
  onOpen: (card: string) => void;
  colorOf: (type: string) => string;
  /** All of it is there. */
  complete: boolean;
}

/** The graph as SVG: what is drawn is the layout's; this moves the lens over it. */
export function GraphView({ grouped, placed, faces, selected, asked, picture, onSelect, onOpen, colorOf, complete }: GraphViewProps) {
  const [hovered, setHovered] = useState<string>();
  const { svg, plane, lens, move } = useLens({ placed, selected, asked, complete, picture });
  const many = grouped.lines.length > manyLines;
  const near = nearOf(grouped, hovered ?? selected);
  return (
    <svg
      ref={svg}
      className={many ? 'graph-svg is-many' : 'graph-svg'}
      role="group"
      aria-label="Objects and their links"
      onPointerDown={(event) => drag(event, lens.current, move, () => onSelect(cardAt(event)))}
      onKeyDown={(event) => {
        const card = cardAt(event);
        if (!card || (event.key !== 'Enter' && event.key !== ' ')) return;
        event.preventDefault();
        if (event.key === 'Enter') onOpen(card);
        else onSelect(card);
      }}
      onDoubleClick={(event) => {
        const card = cardAt(event);
        if (card) onOpen(card);
      }}
      onPointerMove={(event) => {
        if (event.buttons === 0) setHovered(cardAt(event) ?? lineAt(event));
      }}
      onPointerLeave={() => setHovered(undefined)}
    >
      <g ref={plane}>
        {many ? <ManyLines grouped={grouped} placed={placed} colorOf={colorOf} dim={near !== undefined} /> : null}
        <g>
          {grouped.lines.filter((line) => !many || near?.lines.has(line.id)).map((line) => (
            <GraphLine key={line.id} line={line} points={placed.lines.get(line.id)} color={colorOf(line.type)} strong={near?.lines.has(line.id) ?? false} dim={near !== undefined && !near.lines.has(line.id)} />
          ))}
        </g>
        {grouped.cards.map((card) => {
          const [box, face] = [placed.boxes.get(card.id), faces.get(card.id)];
          if (!box || !face) return null;
          return <GraphCard key={card.id} card={card} box={box} face={face} selected={card.id === selected} dim={hovered !== undefined && near !== undefined && !near.cards.has(card.id)} asked={card.members.some((m) => asked.has(m.key))} />;
        })}
        <g className="graph-labels" aria-hidden>
          {labelsOf(grouped.lines.filter((line) => near?.lines.has(line.id)), placed).map((label) => (
            <LineLabel key={label.id} {...label} />
          ))}
        </g>
      </g>
    </svg>
  );
}

/** More lines than this are drawn as one for each type, without dashes: a browser draws each piece of a dashed line for itself. */
const manyLines = 200;

const ManyLines = memo(function ManyLines({ grouped, placed, colorOf, dim }: { grouped: Grouped; placed: Placed; colorOf: (type: string) => string; dim: boolean }) {
  const types = new Map<string, string>();
  for (const line of grouped.lines) types.set(line.type, (types.get(line.type) ?? '') + pathOf(placed.lines.get(line.id) ?? []));
  return (
    <g>
      {[...types].map(([type, d]) => (
        <g key={type} className={dim ? 'graph-line is-dim' : 'graph-line'} style={{ color: colorOf(type) }}>
          <path d={d} />
        </g>
      ))}
    </g>
  );
});

const GraphLine = memo(function GraphLine({ line, points, color, strong, dim }: { line: Line; points: Point[] | undefined; color: string; strong: boolean; dim: boolean }) {
  if (!points || points.length < 2) return null;
  const d = pathOf(points);
  const inferred = line.edges.every((e) => e.certainty !== 'exact');
  const end = points[points.length - 1] as Point;
  return (
    <g className={['graph-line', strong && 'is-strong', dim && 'is-dim', inferred && 'is-inferred', `type-${line.type}`].filter(Boolean).join(' ')} style={{ color }}>
      <path d={d} />
      <path className="graph-line-head" d={`M${end.x - 6} ${end.y - 3.5}L${end.x} ${end.y}L${end.x - 6} ${end.y + 3.5}`} />
      <path className="graph-line-wide" d={d} data-line={line.id} />
    </g>
  );
});

function LineLabel({ text, x, y }: Label) {
  const wide = text.length * 5.8 + 10;
  return (
    <g transform={`translate(${x} ${y})`}>
      <rect x={-wide / 2} y={-8} width={wide} height={16} rx={4} />
      <text textAnchor="middle" y={3.5}>
        {text}
      </text>
    </g>
  );
}

function cardAt(event: { target: EventTarget | null }): string | undefined {
  const card = event.target instanceof Element ? event.target.closest<SVGElement>('[data-card]') : null;
  return card?.dataset['card'];
}

function lineAt(event: { target: EventTarget | null }): string | undefined {
  return event.target instanceof SVGElement ? event.target.dataset['line'] : undefined;
}
