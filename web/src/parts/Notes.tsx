import { useState } from 'react';
import type { Coverage } from '../api/types';
import { counted, grouped } from '../text/counts';
import { Icon } from './Icon';
import './Notes.css';
import { Sentence } from './Sentence';

/** Says that a list is not whole: "showing 500 of 12,431 rows", and why. */
export function CutNote({ cut, total, shown, noun = 'row' }: { cut?: string | undefined; total?: number | undefined; shown?: number | undefined; noun?: string }) {
  const fewer = total !== undefined && shown !== undefined && shown < total;
  if (!cut && !fewer) return null;
  const count = shown === undefined ? '' : total !== undefined && total > shown ? `Showing ${grouped(shown)} of ${counted(total, noun)}` : `Showing the first ${counted(shown, noun)}`;
  return (
    <p className="note" role="status">
      <Icon name="info" size={14} />
      <span>
        {count}
        {count && cut ? ': ' : ''}
        {cut && <Sentence text={cut} />}
      </span>
    </p>
  );
}

/** Says what could not be seen; a complete answer says so in little room. */
export function CoverageNote({ coverage, quiet }: { coverage: Coverage | undefined; quiet?: boolean }) {
  const [open, setOpen] = useState(false);
  if (!coverage) return null;
  const gaps = coverage.gaps ?? [];
  if (coverage.complete && gaps.length === 0) {
    return quiet ? null : (
      <p className="note note-good">
        <Icon name="check" size={14} />
        <span>Everything was seen.</span>
      </p>
    );
  }
  if (gaps.length === 0) {
    return quiet ? null : (
      <p className="note">
        <Icon name="gap" size={14} />
        <span>Nothing shows that everything was seen.</span>
      </p>
    );
  }
  const shown = open ? gaps : gaps.slice(0, 1);
  const left = gaps.length - 1 + (coverage.cut ?? 0);
  return (
    <div className="note note-gap">
      <Icon name="gap" size={14} />
      <ul>
        {shown.map((gap) => (
          <li key={`${gap.reason}-${gap.from ?? ''}-${gap.sentence}`}>
            <Sentence text={gap.sentence} />
          </li>
        ))}
        {gaps.length > 1 && (
          <li>
            <button type="button" className="note-more" aria-expanded={open} onClick={() => setOpen(!open)}>
              {open ? 'Show less' : `and ${counted(left, 'more hole')}`}
            </button>
          </li>
        )}
      </ul>
    </div>
  );
}
