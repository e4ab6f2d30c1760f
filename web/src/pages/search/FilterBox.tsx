import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from 'react';
import type { ApiError } from '../../api/client';
import { Icon } from '../../parts';
import { guessOf, isUnfinished } from './cel';
import { placeOf, plainProblem } from './question';

const Editor = lazy(async () => ({ default: (await import('./Editor')).Editor }));

/** How long after the last letter the filter is asked, in milliseconds. */
const idle = 650;

/** The filter as one writes it: it is asked with Enter, or when one stops writing. */
export function FilterBox({ filter, cluster, error, focusTurn, submit, children }: {
  filter: string;
  cluster: string;
  /** What is wrong with the filter that was asked. */
  error: ApiError | undefined;
  /** Raised to put the cursor into the box. */
  focusTurn: number;
  submit: (filter: string, how: { replace: boolean }) => void;
  children?: ReactNode;
}) {
  const [draft, setDraft] = useState(filter);
  const [asked, setAsked] = useState(filter);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // Back, forward, examples and quick filters change what is written.
  if (filter !== asked) {
    setAsked(filter);
    if (draft.trim() !== filter) setDraft(filter);
  }
  // What was written before that is not asked any more.
  useEffect(() => () => clearTimeout(timer.current), [filter]);
  const send = (text: string, replace: boolean) => {
    clearTimeout(timer.current);
    if (text.trim() !== filter) submit(text.trim(), { replace });
  };
  const write = (text: string) => {
    setDraft(text);
    clearTimeout(timer.current);
    if (!isUnfinished(text)) timer.current = setTimeout(() => send(text, filter !== ''), idle);
  };
  const wrong = error && draft.trim() === filter ? error : undefined;
  const place = wrong && placeOf(filter, wrong.problem.line, wrong.problem.column);
  const offset = draft.indexOf(filter.slice(0, 1));
  const shift = offset > 0 && draft.trim() === filter ? offset : 0;
  return (
    <div className={wrong ? 'filter-box filter-box-wrong' : 'filter-box'}>
      <div className="filter-box-line">
        <Icon name="filter" />
        <Suspense fallback={<Plain draft={draft} write={write} send={(text) => send(text, false)} />}>
          <Editor
            text={draft}
            cluster={cluster}
            wrong={place && { from: place.from + shift, to: place.to + shift }}
            focusTurn={focusTurn}
            write={write}
            send={(text) => send(text, false)}
          />
        </Suspense>
        {children}
      </div>
      {wrong && <Wrong error={wrong} filter={filter} submit={(text) => submit(text, { replace: false })} />}
    </div>
  );
}

/** What stands there until the editor is loaded. */
function Plain({ draft, write, send }: { draft: string; write: (text: string) => void; send: (text: string) => void }) {
  return (
    <input
      className="filter-box-plain mono"
      value={draft}
      aria-label="Filter in CEL"
      spellCheck={false}
      onChange={(event) => write(event.target.value)}
      onKeyDown={(event) => event.key === 'Enter' && send(draft)}
    />
  );
}

function Wrong({ error, filter, submit }: { error: ApiError; filter: string; submit: (filter: string) => void }) {
  const guess = guessOf(filter);
  const meant = /did you mean ([\w.]+)\?/.exec(error.message)?.[1];
  const place = placeOf(filter, error.problem.line, error.problem.column);
  return (
    <p className="filter-box-error" role="alert">
      <Icon name="warn" size={14} />
      <span title={error.message}>{plainProblem(error.message)}</span>
      {meant && place && (
        <button type="button" onClick={() => submit(filter.slice(0, place.from) + meant + filter.slice(place.to))}>
          Write <code>{meant}</code>
        </button>
      )}
      {guess && (
        <button type="button" onClick={() => submit(guess)}>
          Search for <code>{guess}</code>
        </button>
      )}
    </p>
  );
}
