import { useState } from 'react';
import type { Change } from '../api/types';
import { linesOf, type ChangeLine } from '../copy';
import { Copy } from '../parts';
import { counted } from '../text/counts';
import { Section } from './Section';

const firstLines = 40;

/** What a revision changed, field by field: signs, then colours; what changes with every write is folded. */
export function Changes({ changes, first }: { changes: readonly Change[] | null; first: boolean }) {
  const [open, setOpen] = useState(false);
  const [all, setAll] = useState(false);
  const { lines, noise } = linesOf(changes);
  if (lines.length === 0 && noise.length === 0) {
    if (first) return null;
    return (
      <Section title="Changes">
        <p className="detail-dim">Nothing that is recorded: a write without a difference, or one whose body was not recorded.</p>
      </Section>
    );
  }
  const shown = all ? lines : lines.slice(0, firstLines);
  return (
    <Section title="Changes" aside={lines.length > 0 ? counted(lines.length, 'field') : undefined}>
      <ul className="changes">
        {shown.map((line) => <Line key={`${line.op}-${line.path}`} line={line} />)}
        {open && noise.map((line) => <Line key={`noise-${line.path}`} line={line} dim />)}
      </ul>
      {lines.length > shown.length && (
        <button type="button" className="detail-more" onClick={() => setAll(true)}>
          Show {counted(lines.length - shown.length, 'more field')}
        </button>
      )}
      {noise.length > 0 && (
        <button type="button" className="detail-more" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? 'Fold' : 'Show'} {counted(noise.length, 'change')} of times and counters
        </button>
      )}
    </Section>
  );
}

const signs = { add: '+', remove: '−', change: '~', move: '↕' };
const words = { add: 'added', remove: 'removed', change: 'changed', move: 'moved' };

function Line({ line, dim }: { line: ChangeLine; dim?: boolean }) {
  const { path, op, from, to, note } = line;
  const short = (from === undefined || isShort(from)) && (to === undefined || isShort(to));
  return (
    <li className={dim ? 'change change-dim' : 'change'}>
      <span className={`change-sign change-sign-${op}`} title={words[op]}>
        <span aria-hidden>{signs[op]}</span>
        <span className="visually-hidden">{words[op]}</span>
      </span>
      <div className="change-body">
        <Path path={path} />
        {short ? (
          <div className="change-values">
            {from !== undefined && <del>{from}</del>}
            {from !== undefined && to !== undefined && <span aria-hidden> → </span>}
            {to !== undefined && <ins>{to}</ins>}
          </div>
        ) : (
          <>
            {from !== undefined && <Value sign="remove" text={from} />}
            {to !== undefined && <Value sign="add" text={to} />}
          </>
        )}
        {note && <small>{note}</small>}
      </div>
      <span className="change-copy">
        <Copy value={to ?? from ?? path} label={`the value of ${path}`} />
      </span>
    </li>
  );
}

function isShort(text: string): boolean {
  return text.length <= 48 && !text.includes('\n');
}

/** A path whose last member stands out. */
function Path({ path }: { path: string }) {
  const at = lastDot(path);
  return (
    <div className="change-path">
      <span>{path.slice(0, at)}</span>
      <wbr />
      {path.slice(at)}
    </div>
  );
}

/** Where the last member of a path begins; a dot inside brackets parts nothing. */
function lastDot(path: string): number {
  let depth = 0;
  for (let i = path.length - 1; i > 0; i--) {
    if (path[i] === ']') depth++;
    else if (path[i] === '[') depth--;
    else if (path[i] === '.' && depth === 0) return i + 1;
  }
  return 0;
}

const foldedLines = 8;
const foldedChars = 600;

function Value({ sign, text }: { sign: 'add' | 'remove'; text: string }) {
  const [open, setOpen] = useState(false);
  const lines = text.split('\n');
  const long = lines.length > foldedLines + 1 || text.length > foldedChars;
  const shown = open || !long ? text : lines.slice(0, foldedLines).join('\n').slice(0, foldedChars);
  return (
    <div className={`change-block change-block-${sign}`}>
      <pre>{shown}</pre>
      {long && (
        <button type="button" className="detail-more" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? 'Fold' : `Show all ${lines.length > foldedLines ? counted(lines.length, 'line') : counted(text.length, 'character')}`}
        </button>
      )}
    </div>
  );
}
