import { useEffect, useMemo, useState } from 'react';
import { columnsOf } from '../../charts/columns';
import { sharedHoles } from '../../charts/holes';
import { binsFor, TimeColumns, type TrackSpec } from '../../charts/TimeColumns';
import { useWidth } from '../../charts/useWidth';
import type { Activity, Coverage } from '../../api/types';
import { Button, CutNote, ErrorBox, Link, Skeleton } from '../../parts';
import type { Window } from '../../time/moment';
import { useKeys } from '../../url/keys';
import { useZone } from '../../url/prefs';
import type { View } from '../../url/state';
import { go } from '../../url/useView';
import { spanOf, wordsOf } from './extent';
import { sameWindow } from './paths';
import type { Drawn } from './useActivity';
import type { Staged } from './useCalm';

const tracks: readonly TrackSpec[] = [
  { title: 'Changes', height: 64, parts: [{ count: 'changes', name: 'changes', tone: 'change' }] },
  { title: 'Failed requests', height: 32, parts: [{ count: 'failed', name: 'failed requests', tone: 'failed' }] },
  {
    title: 'Events',
    height: 44,
    parts: [
      { count: 'warning', name: 'Warning', tone: 'warning' },
      { count: 'normal', name: 'Normal', tone: 'normal' },
    ],
  },
];

/** How much happened when; a brush chooses the window. */
export function ActivityPanel({ view, clusters, recorded, chosen, activity, coverage, drawn }: {
  view: View;
  /** Names of those that are shown. */
  clusters: readonly string[];
  recorded: Window;
  chosen: Window | undefined;
  activity: Staged<Activity>;
  coverage: Coverage | undefined;
  drawn: Drawn;
}) {
  const zone = useZone();
  const [host, width] = useWidth<HTMLElement>();
  const [draft, setDraft] = useState<Window>();
  const { setBins } = drawn;
  useEffect(() => {
    if (width > 0) setBins(binsFor(width - 24));
  }, [width, setBins]);
  // Of a long recording the lists tell the recent past first; a chart of it would be another picture.
  const data = activity.recent === undefined ? activity.data : undefined;
  const columns = useMemo(() => data && columnsOf(data), [data]);
  const holes = useMemo(() => {
    return columns ? sharedHoles(coverage?.gaps ?? [], clusters, columns) : [];
  }, [coverage, columns, clusters]);
  const choose = (window: Window | undefined, done: boolean) => {
    setDraft(done ? undefined : window);
    if (done) go({ from: window?.from, to: window?.to, follow: undefined });
  };
  const near = spanOf(view.words['span'], chosen, recorded) === 'near';
  const toggle = () => chosen && go({ words: { span: near ? 'all' : 'near' } }, { replace: true });
  useKeys(chosen ? { z: { does: near ? 'Chart: show all that is recorded' : 'Chart: zoom to the window', run: toggle } } : {}, 'Overview');
  const shown = draft ?? chosen;
  return (
    <section ref={host} className="panel overview-activity" aria-label="Activity over time" aria-busy={activity.loading}>
      <header>
        <h2>Activity</h2>
        <span className="panel-count">
          {shown ? wordsOf(shown, recorded) : 'drag over the chart to choose a window: all lists follow'}
        </span>
        <span className="panel-more">
          {chosen && (
            <>
              <Button small look="quiet" icon="zoom" onClick={toggle}>
                {near ? 'Show all that is recorded' : 'Zoom to it'}
              </Button>
              <Button small look="quiet" icon="cross" onClick={() => go({ from: undefined, to: undefined, follow: undefined, words: { span: '' } })}>
                Clear
              </Button>
            </>
          )}
          <Link to={sameWindow('timeline', view)}>Open as lanes</Link>
        </span>
      </header>
      {activity.error && <ErrorBox compact error={activity.error} retry={activity.retry} />}
      {columns ? (
        <TimeColumns
          columns={columns}
          tracks={tracks}
          zone={zone}
          chosen={chosen}
          holes={holes}
          stale={activity.stale}
          label="Activity over time. Arrow keys move the window, with Shift its end, with Alt its beginning; Escape clears it"
          choose={choose}
          enter={toggle}
        />
      ) : (
        !activity.error && (
          <div className="overview-chart-room">
            <Skeleton lines={5} height={22} label="Loading: activity" />
          </div>
        )
      )}
      <CutNote cut={data?.cut} />
    </section>
  );
}
