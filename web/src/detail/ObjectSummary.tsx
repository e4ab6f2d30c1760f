import type { Lane, ObjectEntry, Objects } from '../api/types';
import type { Answer } from '../api/useAnswer';
import { CopyMenu } from '../copy';
import { Chip, CoverageNote, Empty, ErrorBox, Link, objectView, rootSet, Skeleton, StateChip, TimeLabel, timelineOf, toPage } from '../parts';
import { counted, grouped } from '../text/counts';
import { formatSpan } from '../time/format';
import { parseMoment, type Moment } from '../time/moment';
import type { Selection, View } from '../url/state';
import { changed } from '../url/useView';
import { Fact, Facts, Section } from './Section';
import { useLane } from './useSelection';

/** An object that is selected without a record: its life, its state at the cursor, how much happened, and where to go from here. */
export function ObjectSummary({ sel, view, answer }: { sel: Selection; view: View; answer: Answer<Objects> }) {
  const { error, retry } = answer;
  const data = answer.stale ? undefined : answer.data;
  const object = data?.objects[0];
  const lane = useLane(sel, object, view);
  if (error) return <ErrorBox error={error} retry={retry} />;
  if (!data) return <Skeleton lines={6} />;
  if (!object) return <Empty title="This object is not recorded"><p>Nothing is recorded of it: no state, no request, no Event. Its UID: <code>{sel.uid}</code></p></Empty>;
  const one = lane.data?.lanes.find(({ uid }) => uid === sel.uid);
  const at = view.at ?? view.to ?? parseMoment(object.lastSeen);
  const [born, gone] = [parseMoment(object.createdAt) ?? parseMoment(object.firstSeen), parseMoment(object.endedAt)];
  return (
    <>
      <div className="detail-chips">
        <Chip tone={object.ended ? 'plain' : 'good'}>{object.ended ? 'ended' : 'alive by the last record'}</Chip>
        <Chip>{counted(object.revisions, 'state')}</Chip>
      </div>
      <Ways object={object} view={view} />
      <Section title={view.at === undefined ? 'State' : 'State at the cursor'}>
        {lane.error ? <ErrorBox error={lane.error} retry={lane.retry} compact /> : <StateAt lane={one} at={at} cursor={view.at !== undefined} loading={lane.loading} />}
      </Section>
      <Section title="Life">
        <Facts>
          <Fact name="Created"><TimeLabel at={object.createdAt} /></Fact>
          <Fact name="Ended">{object.ended && <TimeLabel at={object.endedAt} precision="milli" />}</Fact>
          <Fact name="Lived">{born !== undefined && gone !== undefined && gone > born && formatSpan(gone - born)}</Fact>
          <Fact name="Recorded">
            <TimeLabel at={object.firstSeen} /> – <TimeLabel at={object.lastSeen} />
          </Fact>
          <Fact name="Records">{one && `${grouped(one.records)} in the window${one.failed ? `, ${grouped(one.failed)} failed` : ''}`}</Fact>
          <Fact name="UID" mono>{object.uid}</Fact>
        </Facts>
      </Section>
      <Labels object={object} view={view} />
      <CoverageNote coverage={data.coverage && { ...data.coverage, gaps: (data.coverage.gaps ?? []).filter((gap) => gap.reason !== 'not-audited') }} quiet />
    </>
  );
}

/** The state at a moment; without a cursor, the last one. */
function StateAt({ lane, at, cursor, loading }: { lane: Lane | undefined; at: Moment | undefined; cursor: boolean; loading: boolean }) {
  if (!lane) return loading ? <Skeleton lines={1} /> : <p className="detail-dim">Not known.</p>;
  if (lane.error) return <p className="detail-dim">{lane.error}</p>;
  const bars = lane.bars ?? [];
  const now = bars.findLast((bar) => at !== undefined && bar.from <= at && (bar.to === undefined || at <= bar.to)) ?? (cursor ? undefined : bars.at(-1));
  if (!now) return <p className="detail-dim">{cursor && bars.length > 0 ? 'No state of it is known at this moment.' : 'No state is recorded here.'}</p>;
  return (
    <>
      <p className="detail-state"><StateChip state={now.state} text={now.text || now.state} /></p>
      <Facts>
        <Fact name="Since"><TimeLabel at={now.from} precision="milli" /></Fact>
        <Fact name="Until">{now.to && <TimeLabel at={now.to} precision="milli" />}</Fact>
        <Fact name="Known">{now.soft}</Fact>
      </Facts>
    </>
  );
}

function Labels({ object, view }: { object: ObjectEntry; view: View }) {
  const labels = Object.entries(object.labels ?? {});
  if (labels.length === 0) return null;
  return (
    <Section title="Labels">
      <div className="detail-chips">
        {labels.map(([name, value]) => {
          const set = { ...toPage('timeline', view).set, cluster: object.cluster, kind: '', name: '', object: '', filter: '', namespace: object.namespace ?? '', selector: `${name}=${value}` };
          return (
            <Link key={name} to={{ ...toPage('timeline', view), set }} title="All objects with this label, in lanes" className="detail-label">
              {name}={value}
            </Link>
          );
        })}
      </div>
    </Section>
  );
}

function Ways({ object, view }: { object: ObjectEntry; view: View }) {
  const page = objectView(object, view);
  return (
    <div className="detail-actions">
      {page && <Link className="button button-small" to={page}>Object</Link>}
      <Link className="button button-small" to={timelineOf(object, view)}>Timeline of it all</Link>
      <Link className="button button-small" to={changed(toPage('trace', view), { set: rootSet(object) })}>Tree</Link>
      <Link className="button button-small" to={changed(toPage('graph', view), { set: rootSet(object) })}>Graph</Link>
      <CopyMenu view={view} object={object} />
    </div>
  );
}
