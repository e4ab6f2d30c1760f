import type { ReactNode } from 'react';
import type { Certainty } from '../api/types';
import { stateName, type StateName } from '../theme/palette';
import { sentenceIn } from '../time/sentence';
import { useZone } from '../url/prefs';
import './Chip.css';

/** Each state has a shape of its own, so that colour alone tells nothing. */
const glyphs: Record<StateName, ReactNode> = {
  good: <path d="M5 .8a4.2 4.2 0 1 1 0 8.4A4.2 4.2 0 0 1 5 .8z" fill="currentColor" stroke="none" />,
  progressing: <path d="M5 1a4 4 0 1 1 0 8 4 4 0 0 1 0-8M5 1v8a4 4 0 0 1 0-8z" fill="none" />,
  bad: <path d="M5 .7L9.6 9H.4z" fill="currentColor" stroke="none" />,
  done: <path d="M1.2 5.2l2.6 2.6L8.8 2.5" fill="none" />,
  there: <path d="M1.5 1.5h7v7h-7z" fill="none" />,
  deleting: <path d="M1.5 5h7M6 2.5L8.5 5 6 7.5" fill="none" />,
  deleted: <path d="M1.8 1.8l6.4 6.4M8.2 1.8L1.8 8.2" fill="none" />,
  unknown: <path d="M1 9l8-8M.5 5.5l5-5M4.5 9.5l5-5" fill="none" />,
};

export function StateGlyph({ state }: { state: string }) {
  const name = stateName(state);
  return (
    <svg className={`state-glyph state-glyph-${name}`} width="10" height="10" viewBox="0 0 10 10" stroke="currentColor" strokeWidth="1.4" aria-hidden>
      {glyphs[name]}
    </svg>
  );
}

/** A state of package timeline: glyph and words. */
export function StateChip({ state, text }: { state: string; text?: string | undefined }) {
  return (
    <span className={`state-chip state-chip-${stateName(state)}`} title={text ?? state}>
      <StateGlyph state={state} />
      <span className="state-chip-text">{text || state}</span>
    </span>
  );
}

/** A small word on a ground. */
export function Chip({ tone = 'plain', title, children }: { tone?: 'plain' | 'accent' | 'bad' | 'warn' | 'good'; title?: string; children: ReactNode }) {
  return (
    <span className={`chip chip-${tone}`} title={title}>
      {children}
    </span>
  );
}

const certainties: Record<Certainty, { tone: 'plain' | 'good' | 'warn'; mark: string; title: string }> = {
  exact: { tone: 'good', mark: '=', title: 'It follows from the records by the rules of the API machinery.' },
  inferred: { tone: 'warn', mark: '≈', title: 'Likely; the evidence is named.' },
  candidates: { tone: 'warn', mark: '?', title: 'One of several, all of them named.' },
  'assumed unchanged': { tone: 'plain', mark: '~', title: 'Carried over a partial or missing state.' },
  unknown: { tone: 'plain', mark: '–', title: 'No record tells.' },
};

/** How sure a statement is. */
export function CertaintyChip({ certainty, reason }: { certainty: Certainty; reason?: string | undefined }) {
  const { tone, mark, title } = certainties[certainty] ?? certainties.unknown;
  const zone = useZone();
  return (
    <Chip tone={tone} title={reason === undefined ? title : sentenceIn(zone, reason)}>
      <span aria-hidden>{mark}</span> {certainty}
    </Chip>
  );
}
