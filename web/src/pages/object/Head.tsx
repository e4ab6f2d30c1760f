import { useId, type ReactNode } from 'react';
import type { Life } from '../../api/types';
import { CopyMenu } from '../../copy';
import { Button, Copy, Icon, IconButton, Link, ObjectLink, rootSet, Skeleton, StateChip, timelineOf, TimeLabel, toPage } from '../../parts';
import { counted, grouped } from '../../text/counts';
import { kindIcon } from '../../text/kinds';
import { formatMoment, formatSpan, type Zone } from '../../time/format';
import { parseMoment } from '../../time/moment';
import type { View } from '../../url/state';
import { useZone } from '../../url/prefs';
import { go } from '../../url/useView';
import { chainOf } from './chain';
import { momentOf } from './history';
import { relationsOf } from './relations';
import { stateAt } from './strip';
import { stepRevision, type ObjectData } from './useObject';
import './Head.css';

/** What the page is about: the object, its life, its owners, and where one can go from here. */
export function Head({ view, data }: { view: View; data: ObjectData }) {
  const { ref } = data;
  const path = view.object;
  const kind = ref?.kind ?? path?.kind ?? '';
  return (
    <header className="object-head">
      <Owners view={view} data={data} />
      <div className="object-head-line">
        <span className="object-head-icon">
          <Icon name={kindIcon(kind)} size={22} />
        </span>
        <h1>
          <span className="object-head-kind">{kind}</span> {path?.name}
        </h1>
        <StateNow data={data} />
        <div className="object-head-tools">
          <Stepper data={data} />
          {ref && (
            <nav className="object-head-nav" aria-label="The same on other pages">
              <Link className="button" to={timelineOf(ref, view)}>
                <Icon name="timeline" size={14} /> Timeline
              </Link>
              <Link className="button" to={{ ...toPage('trace', view), set: rootSet(ref) }}>
                <Icon name="tree" size={14} /> Trace
              </Link>
              <Link className="button" to={{ ...toPage('graph', view), set: rootSet(ref) }}>
                <Icon name="graph" size={14} /> Graph
              </Link>
              <CopyMenu view={view} />
            </nav>
          )}
        </div>
      </div>
      <div className="object-head-facts">
        <Facts view={view} data={data} />
      </div>
    </header>
  );
}

function Facts({ view, data }: { view: View; data: ObjectData }) {
  const { ref, life, lives } = data;
  if (!data.history.data) return data.history.error ? null : <Skeleton lines={1} />;
  const created = parseMoment(life?.createdAt);
  const ended = momentOf(life?.ended);
  const links = data.links.data && relationsOf(data.links.data.links);
  return (
    <>
      {ref?.namespace && <Fact name="namespace">{ref.namespace}</Fact>}
      <Fact name="cluster">{ref?.cluster}</Fact>
      {created !== undefined && (
        <Fact name="created">
          <TimeLabel at={created} />
        </Fact>
      )}
      {life?.ended ? (
        <Fact name="ended">
          <TimeLabel at={ended} clock />
          {created !== undefined && ended !== undefined && <span className="object-dim"> after {formatSpan(ended - created)}</span>}
        </Fact>
      ) : (
        life && created !== undefined && <Fact name="life">still there</Fact>
      )}
      {life && life.revisions > 0 && <Fact name="revisions">{grouped(life.revisions)}</Fact>}
      {links !== undefined && (
        <Fact name={data.newest ? 'links' : 'links at the cursor'}>
          <button type="button" className="object-head-link" onClick={() => go({ words: { tab: 'links' } })}>
            {grouped(links)}
          </button>
        </Fact>
      )}
      {ref?.uid && (
        <Fact name="uid">
          <code title={ref.uid}>{ref.uid.slice(0, 8)}…</code> <Copy value={ref.uid} label="the UID" />
        </Fact>
      )}
      {lives.length > 1 && <Lives view={view} data={data} />}
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <span className="object-fact">
      <span className="object-fact-name">{name}</span> {children}
    </span>
  );
}

/** Other objects that had the name, before or after this one. */
function Lives({ view, data }: { view: View; data: ObjectData }) {
  const id = useId();
  const zone = useZone();
  return (
    <span className="object-fact">
      <label className="object-fact-name" htmlFor={id}>
        life
      </label>
      <select
        id={id}
        value={data.ref?.uid ?? ''}
        onChange={(event) => {
          if (view.object) go({ object: { ...view.object, uid: event.target.value }, at: undefined, sel: undefined });
        }}
      >
        {data.lives.map((life, i) => (
          <option key={life.uid} value={life.uid}>
            {i + 1} of {data.lives.length}: {bornAt(life, zone)}
            {life.ended ? '' : ' (still there)'}, {counted(life.revisions, 'revision')}
          </option>
        ))}
      </select>
    </span>
  );
}

function bornAt(life: Life, zone: Zone): string {
  const at = parseMoment(life.createdAt);
  return at === undefined ? life.uid.slice(0, 8) : formatMoment(at, zone);
}

/** The owners, from the outermost to the one of this object. */
function Owners({ view, data }: { view: View; data: ObjectData }) {
  const nodes = data.tree.data?.nodes ?? [];
  const chain = chainOf(nodes);
  return (
    <nav className="object-owners" aria-label="Owners">
      <span>{view.object?.cluster}</span>
      <span aria-hidden>/</span>
      <span>{view.object?.namespace || 'cluster-scoped'}</span>
      {chain.map((node) => (
        <span key={node.uid ?? node.name} className="object-owners-one">
          <span aria-hidden>/</span>
          <ObjectLink object={node} view={view} bare />
        </span>
      ))}
    </nav>
  );
}

function StateNow({ data }: { data: ObjectData }) {
  const bar = stateAt(data.lanes.data?.lanes[0], data.at);
  if (!bar) return null;
  return <StateChip state={bar.state} text={bar.text} />;
}

function Stepper({ data }: { data: ObjectData }) {
  const { revisions, index } = data;
  if (revisions.length === 0) return null;
  return (
    <div className="object-stepper" role="group" aria-label="Revisions">
      <IconButton icon="left" label="Previous revision (k or ←)" disabled={index <= 0} onClick={() => stepRevision(data, -1)} />
      <span className="object-stepper-text" aria-live="polite">
        revision{' '}
        {!data.ranged && (
          <>
            <strong>{index < 0 ? '–' : grouped(index + 1)}</strong> of {grouped(revisions.length)}
          </>
        )}
        <code>{revisions[index]?.revision?.resourceVersion ?? ''}</code>
      </span>
      <IconButton icon="right" label="Next revision (j or →)" disabled={index >= revisions.length - 1} onClick={() => stepRevision(data, 1)} />
      {!data.newest && (
        <Button small look="quiet" onClick={() => go({ at: undefined, sel: undefined })} title="Look at the newest state again">
          newest
        </Button>
      )}
    </div>
  );
}
