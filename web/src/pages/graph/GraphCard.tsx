import { memo, type CSSProperties } from 'react';
import type { Card } from '../../layout/group';
import { cardHeight, cardWidth } from '../../layout/lay';
import type { Box } from '../../layout/place';
import { StateGlyph } from '../../parts';
import { kindIcon, kindShort } from '../../text/kinds';
import { icons } from '../../text/icons';
import { counted, grouped as groupedNumber } from '../../text/counts';
import { hueVar } from '../../theme/hues';
import { shortened, type CardFace } from './face';

interface GraphCardProps {
  card: Card;
  box: Box;
  face: CardFace;
  selected: boolean;
  dim: boolean;
  asked: boolean;
}

/** One card, 208 by 46: kind, name, state; or a group with how many are in which state. */
export const GraphCard = memo(function GraphCard({ card, box, face, selected, dim, asked }: GraphCardProps) {
  const first = card.members[0];
  if (!first) return null;
  const { ref, stub } = first;
  const kind = ref.kind ?? ref.resource ?? '';
  const names = ['graph-card', selected && 'is-selected', dim && 'is-dim', face.away && 'is-away', stub && 'is-stub', card.group && 'is-group', face.state && `is-${face.state}`, asked && 'is-asked'];
  const title = card.group ? counted(card.members.length, kindShort(kind), kindShort(kind)) : (ref.name ?? ref.uid ?? '');
  return (
    <g
      className={names.filter(Boolean).join(' ')}
      data-card={card.id}
      role="button"
      tabIndex={selected ? 0 : -1}
      {...(card.group ? { 'aria-label': spokenCard(card, face) } : {})}
      aria-pressed={selected}
      style={{ '--hue': hueVar(ref.resource ?? ''), transform: `translate(${box.x}px, ${box.y}px)` } as CSSProperties}
    >
      {card.group && <rect className="graph-card-behind" x={5} y={5} width={cardWidth} height={cardHeight} rx={7} />}
      <rect className="graph-card-ground" width={cardWidth} height={cardHeight} rx={7} />
      <path className="graph-card-edge" d={`M7 0 H6 A6 6 0 0 0 0 6 V${cardHeight - 6} A6 6 0 0 0 6 ${cardHeight} H7 Z`} />
      <path className="graph-card-icon" d={icons[kindIcon(kind)]} transform="translate(13 7) scale(0.875)" />
      <text className="graph-card-name" x={32} y={19}>
        {!card.group && <tspan className="graph-card-kind">{kindShort(kind)} </tspan>}
        <tspan className="graph-card-title">{card.group ? title : shortened(title, nameRoom - kindShort(kind).length)}</tspan>
        <title>{ref.namespace ? `${ref.namespace}/${ref.name ?? ''}` : ref.name}</title>
      </text>
      <CardState card={card} face={face} stub={stub} />
    </g>
  );
});

/** Letters that fit on the two lines of a card. */
const nameRoom = 25;
const stateRoom = 29;

function CardState({ card, face, stub }: { card: Card; face: CardFace; stub: boolean }) {
  const failed = face.failed > 0 ? `⊘${groupedNumber(face.failed)}` : '';
  const changes = face.changes > 0 ? groupedNumber(face.changes) : '';
  const wide = changes.length * 6 + 9;
  const right = cardWidth - 8;
  const used = (changes ? changes.length + 2 : 0) + (failed ? failed.length + 1 : 0);
  return (
    <g className="graph-card-state">
      {card.group ? <Counts face={face} /> : <Said face={face} stub={stub} room={stateRoom - used} />}
      {changes && (
        <g>
          <title>{counted(face.changes, 'change')} in the window</title>
          <rect className="graph-card-badge" x={right - wide} y={27} width={wide} height={14} rx={7} />
          <text className="graph-card-changes" x={right - wide / 2} y={37.5}>
            {changes}
          </text>
        </g>
      )}
      {failed && (
        <text className="graph-card-failed" x={right - (changes ? wide + 5 : 0)} y={38}>
          {failed}
          <title>{face.failed} failed in the window</title>
        </text>
      )}
    </g>
  );
}

function Said({ face, stub, room }: { face: CardFace; stub: boolean; room: number }) {
  const words = stub ? 'named, not recorded' : face.away === 'ended' ? 'over by then' : face.away === 'later' ? 'not there yet' : '';
  if (words) return <text x={13} y={38}>{words}</text>;
  if (!face.state) return null;
  return (
    <>
      <g transform="translate(13 29)">
        <StateGlyph state={face.state} />
      </g>
      <text x={28} y={38} className={`is-${face.state}`}>
        {face.text.length > room ? `${face.text.slice(0, Math.max(3, room - 1))}…` : face.text}
        <title>{face.text}</title>
      </text>
    </>
  );
}

function Counts({ face }: { face: CardFace }) {
  const places = face.states.map((_, i) => face.states.slice(0, i).reduce((x, [, count]) => x + 22 + String(count).length * 7, 13));
  return (
    <>
      {face.states.map(([state, count], i) => (
        <g key={state} transform={`translate(${places[i] ?? 13} 29)`}>
          <title>{`${count} ${state}`}</title>
          <StateGlyph state={state} />
          <text x={13} y={9} className={`is-${state}`}>
            {count}
          </text>
        </g>
      ))}
    </>
  );
}

function spokenCard(card: Card, face: CardFace): string {
  const kind = kindShort(card.members[0]?.ref.kind ?? card.members[0]?.ref.resource);
  return `${card.members.length} ${kind}, ${face.states.map(([s, n]) => `${n} ${s}`).join(', ')}; a group that can be opened`;
}
