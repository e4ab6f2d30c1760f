import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Row } from '../../api/drawn';
import { DetailPane } from '../../detail';
import { Button, copiedWords, CoverageNote, CutNote, Empty, ErrorBox, Link, Sentence, Skeleton, toPage, useCopy, WindowBar } from '../../parts';
import { counted } from '../../text/counts';
import type { RowOptions } from '../../timeline/rows';
import { countShown, rowKey } from '../../timeline/rows';
import type { Timeline } from '../../timeline/timeline';
import { everything, type View } from '../../url/state';
import { go } from '../../url/useView';
import { Corner } from './Corner';
import { Picture } from './Picture';
import { RefusedLine } from './RefusedLine';
import { RowMenu } from './RowMenu';
import { savePicture } from './save';
import { SetBar } from './SetBar';
import { Side } from './Side';
import './TimelinePage.css';
import { Tools } from './Tools';
import { useTimelineData, type TimelineData } from './useTimelineData';
import { parseWords, toggled, wordOf, type TimelineWords } from './words';

const none: readonly Row[] = [];

/** Lanes of any set of objects on one time axis. Its words in the URL are told in words.ts. */
export function TimelinePage({ view }: { view: View }) {
  const words = useMemo(() => parseWords(view.words), [view.words]);
  const data = useTimelineData(view);
  const [timeline, setTimeline] = useState<Timeline>();
  const [menu, setMenu] = useState<{ row: Row; at: DOMRect }>();
  const [failed, setFailed] = useState('');
  const { done, copy } = useCopy();
  useRecovery(data, failed);
  const rows = data.rows.data?.rows ?? none;
  const choice = useChoice(rows, words, data);
  const onToggle = useCallback((what: 'fold' | 'open' | 'pin', key: string) => {
    const word = wordOf(key);
    go({ words: { [what]: toggled(words[what], word) } }, { replace: true });
  }, [words]);
  const empty = data.rows.data !== undefined && rows.length === 0;
  const shown = useMemo(() => countShown(rows, choice), [rows, choice]);
  return (
    <main className="timeline-page" aria-label="Timeline">
      <h1 className="visually-hidden">Timeline</h1>
      <div className="timeline-page-bar">
        <SetBar set={view.set} rows={rows} />
        <span className="timeline-page-gap" />
        <WindowBar view={view} bounds={data.recorded} narrow />
        <Tools timeline={timeline} words={words} onExport={(form) => timeline && savePicture(timeline, form)} />
      </div>
      {data.rows.error && <ErrorBox error={data.rows.error} retry={data.rows.retry} />}
      <RefusedLine view={view} refusals={data.rows.data?.refused} window={data.window} />
      <div className="timeline-page-body">
        <div className={data.rows.stale ? 'timeline-page-main timeline-page-stale' : 'timeline-page-main'} aria-busy={data.rows.loading}>
          {!data.rows.data && !data.rows.error && <RowSkeleton />}
          {empty ? (
            <Nothing view={view} />
          ) : (
            <Picture
              view={view}
              words={words}
              data={data}
              rows={rows}
              choice={choice}
              onToggle={onToggle}
              onMenu={(line, row, at) => row && line.kind === 'object' && setMenu({ row, at })}
              onFailed={setFailed}
              onMount={setTimeline}
              corner={<Corner words={words} shown={shown} total={data.rows.data?.total} />}
            />
          )}
          {rows.length > 0 && shown === 0 && (
            <div className="timeline-page-unmatched">
              <p>No row contains &ldquo;{words.q}&rdquo;.</p>
              <Button small onClick={() => go({ words: { q: '', hide: '' } })}>Show all rows</Button>
            </div>
          )}
          {failed && !data.rows.error && <Failed why={failed} retry={() => timeline?.store.retry()} />}
          {data.fresh && !failed && <Fresh data={data} />}
          <span className={done === 'failed' ? 'timeline-fresh timeline-copied' : 'visually-hidden'} role="status">{copiedWords[done]}</span>
        </div>
        {view.sel && (
          <Side>
            <DetailPane view={view} />
          </Side>
        )}
      </div>
      <Foot data={data} words={words} rows={rows.length} />
      {menu && <RowMenu {...menu} view={view} words={words} copy={copy} close={() => setMenu(undefined)} />}
    </main>
  );
}

/** How the rows are laid out; the same value as long as nothing of it changes. */
function useChoice(rows: readonly Row[], words: TimelineWords, data: TimelineData): Omit<RowOptions, 'shapes'> {
  const keys = useMemo(() => new Map(rows.map((row) => [row.uid ?? '', rowKey(row)])), [rows]);
  const { group, sort, q, pin, open, fold, hide } = words;
  const lists = [pin, open, fold, hide].map((list) => list.join(',')).join('|');
  const score = data.score;
  return useMemo(() => {
    const setOf = (list: readonly string[]) => new Set(list.map((word) => keys.get(word) ?? word));
    return { group, sort, filter: q, pin: setOf(pin), open: setOf(open), fold: setOf(fold), hide: setOf(hide), score };
    // lists says all of the four lists.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [group, sort, q, lists, keys, score]);
}

/** Says what is shown and what is not, below the picture. */
function Foot({ data, words, rows }: { data: TimelineData; words: TimelineWords; rows: number }) {
  const answer = data.rows.data;
  return (
    <footer className="timeline-page-foot">
      {answer && <CutNote total={answer.total} shown={rows} />}
      {data.narrowed && <span>Only objects that were there in this window or near it; the rows follow it.</span>}
      {answer?.pending && <span>Links are still being read: <Sentence text={answer.pending} />.</span>}
      {words.hide.length > 0 && (
        <span>
          {counted(words.hide.length, 'row')} left out. <Button small look="quiet" onClick={() => go({ words: { hide: '' } })}>Show again</Button>
        </span>
      )}
      {data.activity.error && <ErrorBox compact error={data.activity.error} retry={data.activity.retry} />}
      <CoverageNote coverage={answer?.coverage} quiet />
    </footer>
  );
}

/** Something new was recorded: it is shown when asked for, so that nothing moves below one's eyes. */
function Fresh({ data }: { data: TimelineData }) {
  const { window } = data;
  const follow = () => go({ from: undefined, to: undefined, follow: window ? window.to - window.from : 900_000_000 });
  return (
    <div className="timeline-fresh" role="status">
      <span>New facts were recorded</span>
      <Button small onClick={data.showFresh}>Show</Button>
      <Button small icon="play" onClick={follow}>Follow now</Button>
    </div>
  );
}

/** Rows have no answer; they are asked for again by themselves as well. */
function Failed({ why, retry }: { why: string; retry: () => void }) {
  return (
    <div className="timeline-fresh timeline-failed" role="alert">
      <span>Some rows are not loaded: {why}</span>
      <Button small onClick={retry}>Retry</Button>
    </div>
  );
}

/** As soon as rows have answers again, what else had none is asked for again. */
function useRecovery(data: TimelineData, failed: string): void {
  const before = useRef(failed);
  useEffect(() => {
    const recovered = before.current !== '' && failed === '';
    before.current = failed;
    if (!recovered) return;
    if (data.rows.error) data.rows.retry();
    if (data.activity.error) data.activity.retry();
  }, [data, failed]);
}

function RowSkeleton() {
  return (
    <div className="timeline-page-skeleton">
      <Skeleton lines={12} height={16} label="Loading rows" />
    </div>
  );
}

function Nothing({ view }: { view: View }) {
  const { set } = view;
  const narrowed = Object.entries(set).some(([name, value]) => value && name !== 'siblings');
  if (!narrowed) {
    return (
      <Empty title="Nothing is recorded yet" icon="timeline">
        <p>
          Rows appear as soon as a cluster&rsquo;s audit log or a watch reaches this kubewake. <Link to={toPage('coverage', view)}>See what is recorded, and how to add a cluster</Link>
        </p>
      </Empty>
    );
  }
  return (
    <Empty title="No object matches" icon="filter">
      <p>Nothing that is recorded is in this set{set.filter ? ', or no record of it matches the filter' : ''}. Names may have been different at that time; deleted objects are found as well.</p>
      <Button onClick={() => go({ set: everything })}>Show all objects</Button>
    </Empty>
  );
}
