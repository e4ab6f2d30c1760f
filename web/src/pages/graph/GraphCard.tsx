import { memo, type CSSProperties } from 'react';
import type { Card } from '../../layout/group';
import { cardHeight, cardWidth } from '../../layout/lay';
import type { Box } from '../../layout/place';
import { StateGlyph } from '../../parts';
import { kindIcon, kindShort } from '../../text/kinds';
import { icons } from '../../text/icons';
import { counted, grouped as groupedNumber } from '../../text/counts';
import { stateNames, type StateName } from '../../theme/palette';
import { hueVar } from '../../theme/hues';

/** What is said of a card at the cursor. */
export interface CardFace {
  state: StateName | undefined;
  text: string;
  /** Of a group: how many are in which state. */
  states: readonly (readonly [StateName, number])[];
  changes: number;
  failed: number;
  /** Over, or not there yet, at the cursor. */
  away: 'ended' | 'later' | '';
}

export interface GraphCardProps {
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
      aria-label={spokenCard(card, face)}
      aria-pressed={selected}
      style={{ '--hue': hueVar(ref.resource ?? ''), transform: `translate(${box.x}px, ${box.y}px)` } as CSSProperties}
    >
      {card.group && <rect className="graph-card-behind" x={5} y={5} width={cardWidth} height={cardHeight} rx={7} />}
      <rect className="graph-card-ground" width={cardWidth} height={cardHeight} rx={7} />
      <path className="graph-card-edge" d={`M7 0 H6 A6 6 0 0 0 0 6 V${cardHeight - 6} A6 6 0 0 0 6 ${cardHeight} H7 Z`} />
      <svg x={12} y={7} width={14} height={14} viewBox="0 0 16 16" className="graph-card-icon" aria-hidden>
        <path d={icons[kindIcon(kind)]} />
      </svg>
      <foreignObject x={30} y={3} width={cardWidth - 36} height={22}>
        <div className="graph-card-name" title={ref.namespace ? `${ref.namespace}/${ref.name}` : ref.name}>
          <span className="graph-card-kind">{card.group ? '' : kindShort(kind)}</span>
          <span className="graph-card-title">{card.group ? title : <Middle text={title} />}</span>
        </div>
      </foreignObject>
      <foreignObject x={12} y={23} width={cardWidth - 18} height={20}>
        <div className="graph-card-state">
          {card.group ? <Counts face={face} /> : <Said face={face} stub={stub} />}
          {face.failed > 0 && <span className="graph-card-failed" title={`${face.failed} failed in the window`}>⊘{groupedNumber(face.failed)}</span>}
          {face.changes > 0 && <span className="graph-card-changes" title={`${counted(face.changes, 'change')} in the window`}>{groupedNumber(face.changes)}</span>}
        </div>
      </foreignObject>
    </g>
  );
});

/** A long name keeps its end, which tells the Pods of one owner apart. */
function Middle({ text }: { text: string }) {
  if (text.length <= 20) return <>{text}</>;
  return (
    <>
      <span className="graph-card-head">{text.slice(0, -6)}</span>
      <span>{text.slice(-6)}</span>
    </>
  );
}

function Said({ face, stub }: { face: CardFace; stub: boolean }) {
  if (stub) return <span className="graph-card-said">named by others, not recorded</span>;
  if (face.away) return <span className="graph-card-said">{face.away === 'ended' ? 'over by then' : 'not there yet'}</span>;
  if (!face.state) return <span className="graph-card-said" />;
  return (
    <span className={`graph-card-said is-${face.state}`} title={face.text}>
      <StateGlyph state={face.state} />
      <span className="graph-card-text">{face.text}</span>
    </span>
  );
}

function Counts({ face }: { face: CardFace }) {
  return (
    <span className="graph-card-said">
      {face.states.map(([state, count]) => (
        <span key={state} className={`graph-card-count is-${state}`} title={`${count} ${state}`}>
          <StateGlyph state={state} /> {count} <span className="visually-hidden">{state}</span>
        </span>
      ))}
    </span>
  );
}

function spokenCard(card: Card, face: CardFace): string {
  const ref = card.members[0]?.ref;
  const kind = kindShort(ref?.kind ?? ref?.resource);
  if (card.group) return `${card.members.length} ${kind}, ${face.states.map(([s, n]) => `${n} ${s}`).join(', ')}; a group that can be opened`;
  return [`${kind} ${ref?.namespace ? `${ref.namespace}/` : ''}${ref?.name ?? ref?.uid ?? ''}`, face.away || face.text, face.changes ? counted(face.changes, 'change') : ''].filter(Boolean).join(', ');
}

/** States in the order in which they are told: what is wrong first. */
export const stateOrder: readonly StateName[] = ['bad', 'progressing', 'unknown', 'deleting', 'good', 'done', 'there', 'deleted'].map((s) => stateNames.find((n) => n === s) ?? 'unknown');
