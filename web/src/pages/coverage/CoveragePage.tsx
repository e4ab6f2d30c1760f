import { useMemo } from 'react';
import { useLive } from '../../api/live';
import { boundsOf, useBounds, useInfo } from '../../api/server';
import type { Coverage } from '../../api/types';
import { useAnswer } from '../../api/useAnswer';
import { CutNote, Empty, ErrorBox, Icon, Link, NoCluster, PageHeader, Sentence, Skeleton, toPage, WindowBar } from '../../parts';
import { grouped } from '../../text/counts';
import { printMoment, second, type Window } from '../../time/moment';
import { withMargin } from '../../time/scale';
import type { View } from '../../url/state';
import { go } from '../../url/useView';
import './coverage.css';
import { Closings } from './Closings';
import { Matrix } from './Matrix';
import { narrowedRows, reasonsOf, rowsOf, verdictOf, type Narrow, type ReasonGroup } from './matrix';

/** What was and was not seen, and how to close each hole. Words of the URL: reason, q (part of a resource's name), holes (all: also resources without). */
export function CoveragePage({ view }: { view: View }) {
  const { version } = useLive();
  const bounds = useBounds(view.set.cluster);
  const asked = askedWindow(view, bounds);
  const answer = useAnswer<Coverage>('coverage', { cluster: view.set.cluster, kind: view.set.kind, ...asked }, version);
  const window = shownWindow(view, bounds);
  const info = useInfo().data;
  const clusters = info?.clusters;
  const missing = info !== undefined && view.set.cluster !== '' && !(clusters ?? []).some(({ name }) => name === view.set.cluster);
  const recorded = useMemo(() => new Map((clusters ?? []).map((cluster) => [cluster.name, boundsOf([cluster])])), [clusters]);
  const rows = useMemo(() => (answer.data ? rowsOf(answer.data) : []), [answer.data]);
  const groups = useMemo(() => reasonsOf(rows, view.set.cluster), [rows, view.set.cluster]);
  const narrow: Narrow = { cluster: view.set.cluster, reason: view.words['reason'] ?? '', text: view.words['q'] ?? '', holesOnly: view.words['holes'] !== 'all' };
  const shown = useMemo(() => narrowedRows(rows, narrow), [rows, narrow.cluster, narrow.reason, narrow.text, narrow.holesOnly]); // eslint-disable-line react-hooks/exhaustive-deps
  return (
    <main className="coverage" aria-label="Coverage">
      <PageHeader title="Coverage" sub="what was seen, and what was not">
        <WindowBar view={view} bounds={bounds} />
      </PageHeader>
      {missing && <NoCluster view={view} clusters={clusters ?? []} />}
      {answer.error && !missing && <ErrorBox error={answer.error} retry={answer.retry} />}
      {answer.data && info && !window && !missing && <Nothing view={view} coverage={answer.data} />}
      {!answer.data && !answer.error && (
        <div className="coverage-loading">
          <Skeleton lines={8} height={20} label="Loading: coverage" />
        </div>
      )}
      {answer.data && window && !missing && (
        <div className={answer.stale ? 'coverage-body coverage-stale' : 'coverage-body'}>
          <div className="coverage-main">
            <Verdict coverage={answer.data} groups={groups} narrow={narrow} />
            <CutNote cut={answer.data.cut ? `${grouped(answer.data.cut)} gaps are not listed: choose a narrower window, or one kind` : undefined} />
            <Matrix rows={shown} all={rows} window={window} recorded={recorded} view={view} />
          </div>
          <Closings groups={narrow.reason ? groups.filter((group) => group.reason === narrow.reason) : groups} view={view} open={narrow.reason} />
        </div>
      )}
    </main>
  );
}

/** What to say where there is no time to draw: before anything is recorded, and of what was recorded without times. */
function Nothing({ view, coverage }: { view: View; coverage: Coverage }) {
  const sentences = (coverage.gaps ?? []).map((gap) => gap.sentence);
  if (sentences.length > 0) {
    return (
      <Empty title="Nothing with a time is recorded" icon="gap">
        {sentences.map((sentence) => (
          <p key={sentence}><Sentence text={sentence} /></p>
        ))}
      </Empty>
    );
  }
  return (
    <Empty title="Nothing is recorded yet" icon="gap">
      <p>Here will stand what was seen of each resource, what was not, and how to close each hole.</p>
      <p>
        <Link to={toPage('overview', view)}>How to record a cluster, or open a file</Link>
      </p>
    </Empty>
  );
}

/** The window that is asked for; nothing where it is open. */
function askedWindow(view: View, bounds: Partial<Window>): Record<string, string> {
  const from = view.follow !== undefined && bounds.to !== undefined ? bounds.to - view.follow : view.from;
  return { ...(from === undefined ? {} : { from: printMoment(from) }), ...(view.to === undefined ? {} : { to: printMoment(view.to) }) };
}

/** The time that is drawn: the window, or all that is recorded with some room, so that one sees where it begins and ends. */
function shownWindow(view: View, bounds: Partial<Window>): Window | undefined {
  const from = view.follow !== undefined && bounds.to !== undefined ? bounds.to - view.follow : (view.from ?? bounds.from);
  const to = view.to ?? bounds.to;
  if (from === undefined || to === undefined) return undefined;
  const window = { from, to: Math.max(to, from + second / 1000) };
  return view.from === undefined && view.to === undefined && view.follow === undefined ? withMargin(window, 0.03, second) : window;
}

/** What the answer says as a whole, and its reasons, which narrow the page. */
function Verdict({ coverage, groups, narrow }: { coverage: Coverage; groups: readonly ReasonGroup[]; narrow: Narrow }) {
  const verdict = verdictOf(coverage, groups);
  return (
    <section className="coverage-verdict" aria-label="As a whole">
      <p className={verdict.complete ? 'coverage-complete' : ''}>
        <Icon name={verdict.complete ? 'check' : 'gap'} />
        {verdict.text}
      </p>
      <div className="coverage-reasons" role="group" aria-label="Reasons">
        {groups.map((group) => (
          <button
            key={group.reason}
            type="button"
            className={`coverage-reason coverage-reason-${group.weight}`}
            aria-pressed={narrow.reason === group.reason}
            onClick={() => go({ words: { reason: narrow.reason === group.reason ? '' : group.reason } })}
          >
            <i aria-hidden />
            {group.title}
            <b>{grouped(group.count)}</b>
          </button>
        ))}
      </div>
    </section>
  );
}
