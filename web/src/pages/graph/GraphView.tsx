import { memo, useEffect, useImperativeHandle, useRef, useState, type Ref } from 'react';
import type { Grouped, Line } from '../../layout/group';
import { firstLens, fitting, labelPoint, pathOf, revealing, zoomedAround, type Lens, type Placed, type Point } from '../../layout/place';
import { GraphCard, type CardFace } from './GraphCard';

/** What keys and buttons do to the picture. */
export interface Picture {
  fit: () => void;
  zoom: (factor: number) => void;
  /** By shares of what is seen. */
  pan: (x: number, y: number) => void;
  reveal: (card: string) => void;
}

export interface GraphViewProps {
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

/** What the legend covers at the bottom. */
const legendHeight = 44;

/** The graph as SVG: what is drawn is the layout's; this moves the lens over it. */
export function GraphView({ grouped, placed, faces, selected, asked, picture, onSelect, onOpen, colorOf, complete }: GraphViewProps) {
  const svg = useRef<SVGSVGElement>(null);
  const plane = useRef<SVGGElement>(null);
  const lens = useRef<Lens>({ x: 0, y: 0, scale: 1 });
  const fitted = useRef(false);
  /** The person moved it: nothing else does then. */
  const touched = useRef(false);
  const [hovered, setHovered] = useState<string>();
  const show = (next: Lens) => {
    lens.current = next;
    plane.current?.setAttribute('transform', `scale(${next.scale}) translate(${-next.x} ${-next.y})`);
    plane.current?.classList.toggle('is-far', next.scale < 0.5);
  };
  const fit = () => {
    const at = svg.current?.getBoundingClientRect();
    if (at && placed.boxes.size > 0) show(fitting({ x: 0, y: 0, width: placed.width, height: placed.height }, at.width, at.height - legendHeight));
  };
  const begin = () => {
    const at = svg.current?.getBoundingClientRect();
    if (!at || placed.boxes.size === 0) return;
    const around = placed.boxes.get(selected ?? '') ?? [...placed.boxes].find(([id]) => asked.has(id))?.[1] ?? { x: 0, y: placed.height / 2, width: 0, height: 0 };
    show(firstLens({ x: 0, y: 0, width: placed.width, height: placed.height }, at.width, at.height - legendHeight, around));
  };
  useEffect(() => {
    if (fitted.current || touched.current || placed.boxes.size === 0) return;
    // As long as answers come in it grows, and is shown whole each time; never again after that.
    fitted.current = complete;
    begin();
  });
  const move = (next: Lens) => {
    touched.current = true;
    show(next);
  };
  const reveal = (card: string) => {
    const [at, box] = [svg.current?.getBoundingClientRect(), placed.boxes.get(card)];
    if (at && box) show(revealing(lens.current, box, at.width, at.height));
  };
  const resized = useRef<() => void>(undefined);
  useEffect(() => {
    // Nothing moves while one looks, but what is selected does not go out of sight.
    resized.current = () => {
      if (!fitted.current && !touched.current) begin();
      else if (selected) reveal(selected);
    };
  });
  useEffect(() => {
    if (!svg.current) return;
    const sized = new ResizeObserver(() => resized.current?.());
    sized.observe(svg.current);
    return () => sized.disconnect();
  }, []);
  useImperativeHandle(picture, () => ({
    fit,
    zoom: (factor) => {
      const at = svg.current?.getBoundingClientRect();
      if (at) move(zoomedAround(lens.current, at.width / 2, at.height / 2, factor));
    },
    pan: (x, y) => {
      const at = svg.current?.getBoundingClientRect();
      if (at) move({ ...lens.current, x: lens.current.x + (x * at.width) / lens.current.scale, y: lens.current.y + (y * at.height) / lens.current.scale });
    },
    reveal,
  }));
  useWheel(svg, lens, move);
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

interface Label {
  id: string;
  text: string;
  x: number;
  y: number;
}

const mostLabels = 30;

/** One label for each type and trunk; those that would lie on each other are moved apart. */
function labelsOf(lines: readonly Line[], placed: Placed): Label[] {
  const labels: Label[] = [];
  for (const line of lines) {
    const points = placed.lines.get(line.id);
    if (!points || points.length < 2 || labels.length >= mostLabels) continue;
    const { x, y } = labelPoint(points);
    const text = line.edges.length > 1 ? `${line.type} ×${line.edges.length}` : line.type;
    const near = labels.filter((l) => Math.abs(l.x - x) < 60 && Math.abs(l.y - y) < 15);
    if (near.some((l) => l.text === text)) continue;
    labels.push({ id: line.id, text, x, y: near.length > 0 ? Math.max(...near.map((l) => l.y)) + 17 : y });
  }
  return labels;
}

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

/** What a card, or a line, is linked with. */
function nearOf(grouped: Grouped, id: string | undefined): { cards: Set<string>; lines: Set<string> } | undefined {
  if (id === undefined) return undefined;
  const lines = grouped.lines.filter((l) => l.id === id || l.from === id || l.to === id);
  if (lines.length === 0) return { cards: new Set([id]), lines: new Set() };
  return { cards: new Set(lines.flatMap((l) => [l.from, l.to])), lines: new Set(lines.map((l) => l.id)) };
}

function cardAt(event: { target: EventTarget | null }): string | undefined {
  const card = event.target instanceof Element ? event.target.closest<SVGElement>('[data-card]') : null;
  return card?.dataset['card'];
}

function lineAt(event: { target: EventTarget | null }): string | undefined {
  return event.target instanceof SVGElement ? event.target.dataset['line'] : undefined;
}

/** React hears wheels passively, so that they could not be kept from the page. */
function useWheel(svg: React.RefObject<SVGSVGElement | null>, lens: React.RefObject<Lens>, show: (lens: Lens) => void): void {
  const latest = useRef(show);
  useEffect(() => {
    latest.current = show;
  });
  useEffect(() => {
    const target = svg.current;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const at = (event.currentTarget as Element).getBoundingClientRect();
      const unit = event.deltaMode === 1 ? 16 : 1;
      if (event.shiftKey && !event.ctrlKey) return latest.current({ ...lens.current, x: lens.current.x + ((event.deltaX || event.deltaY) * unit) / lens.current.scale });
      const by = Math.max(-300, Math.min(300, event.deltaY * unit));
      const rate = event.ctrlKey && Math.abs(by) < 40 ? 0.012 : 0.0018;
      latest.current(zoomedAround(lens.current, event.clientX - at.left, event.clientY - at.top, Math.exp(-by * rate)));
    };
    target?.addEventListener('wheel', wheel, { passive: false });
    return () => target?.removeEventListener('wheel', wheel);
  }, [svg, lens]);
}

/** Moves the plane with the pointer; a press that goes nowhere is a click. */
function drag(event: React.PointerEvent<SVGSVGElement>, from: Lens, show: (lens: Lens) => void, clicked: () => void): void {
  if (event.button !== 0) return;
  const target = event.currentTarget;
  const [x, y] = [event.clientX, event.clientY];
  const stop = new AbortController();
  let far = false;
  const moved = (e: PointerEvent) => {
    if (!far && Math.hypot(e.clientX - x, e.clientY - y) < 4) return;
    if (!far) target.setPointerCapture(e.pointerId);
    far = true;
    show({ ...from, x: from.x - (e.clientX - x) / from.scale, y: from.y - (e.clientY - y) / from.scale });
  };
  addEventListener('pointermove', moved, { signal: stop.signal });
  for (const type of ['pointerup', 'pointercancel'] as const)
    addEventListener(type, () => {
      stop.abort();
      if (!far && type === 'pointerup') clicked();
    }, { signal: stop.signal });
}
