import { Button, CoverageNote, ErrorBox, Popover, Sentence } from '../../parts';
import { useRef, useState } from 'react';
import { useLive } from '../../api/live';
import { counted, grouped } from '../../text/counts';
import { mostHits, type Found } from './useSearch';

/** How a search stands: what it found, what it looked at, what it could not tell. */
export function Status({ found, stale, more, again }: { found: Found; stale: boolean; more: () => void; again: () => void }) {
  const { end, hits, error, running } = found;
  const fresh = useFresh(found.url + (stale ? '' : '.'), running);
  const bad = error && error.problem.kind !== 'bad-question';
  return (
    <div className="search-status" role="status" aria-live="polite">
      <span className={running || stale ? 'search-progress search-progress-on' : 'search-progress'} aria-hidden />
      <span>
        {error && !bad ? (
          'This filter can not be asked.'
        ) : stale ? (
          'Searching…'
        ) : (
          <>
            <b>{counted(hits.length, 'hit')}</b>
            {end?.cut ? '+' : ''}
            {running ? ' so far' : found.scanned > 0 && ` in ${counted(found.scanned, 'record')} looked at`}
          </>
        )}
      </span>
      {!stale && found.unknown > 0 && <span title="The result depends on a state, a time or a maker that was not recorded: neither hit nor miss.">{grouped(found.unknown)} can not be told</span>}
      {!stale && found.failed > 0 && (
        <span className="search-failed" title={end?.firstFail}>
          the filter failed on {counted(found.failed, 'record')}
          {end?.firstFail && <em>: {end.firstFail}</em>}
        </span>
      )}
      {!stale && !running && end?.cut && <span className="search-cut"><Sentence text={end.cut} /></span>}
      {!stale && !running && end?.cursor && (hits.length < mostHits ? (
        <Button small onClick={more}>
          Load more
        </Button>
      ) : (
        <span>No more than these are kept here: a narrower filter or window shows the others.</span>
      ))}
      {fresh && !running && (
        <Button small look="primary" icon="retry" onClick={again}>
          Something new was recorded: search again
        </Button>
      )}
      {end && !stale && <Seen found={found} />}
      {bad && <ErrorBox compact error={error} retry={again} />}
    </div>
  );
}

/** Whether facts came in since this question was asked. */
function useFresh(question: string, running: boolean): boolean {
  const { version } = useLive();
  const [asked, setAsked] = useState({ question, version });
  if (asked.question !== question || (running && asked.version !== version)) setAsked({ question, version });
  return asked.question === question && asked.version !== version;
}

/** The holes that the answer touched, behind a button. */
function Seen({ found }: { found: Found }) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const gaps = found.end?.coverage.gaps?.length ?? 0;
  if (gaps === 0) return null;
  return (
    <>
      <button ref={button} type="button" className="search-coverage" aria-expanded={open} onClick={() => setOpen(!open)}>
        {counted(gaps, 'hole')} in what was looked at
      </button>
      {open && (
        <Popover anchor={button} label="What could not be seen" onClose={() => setOpen(false)} className="search-coverage-pop">
          <CoverageNote coverage={found.end?.coverage} />
        </Popover>
      )}
    </>
  );
}
