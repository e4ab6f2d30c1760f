import { useMemo, useRef, useState, type RefObject } from 'react';
import { newestOf, useLive } from '../../api/live';
import { DetailPane } from '../../detail';
import { place } from '../../layout/lay';
import { changesOf, fullest, seenAt } from '../../layout/graph';
import { groupAlike, type Grouped } from '../../layout/group';
import { CoverageNote, Empty, ErrorBox, ObjectLink, objectView, PageHeader, Sentence, Skeleton, Unrecorded, useLack, WindowBar, windowOf } from '../../parts';
import { counted } from '../../text/counts';
import type { Moment } from '../../time/moment';
import type { View } from '../../url/state';
import { go, goTo } from '../../url/useView';
import { faceFor } from './face';
import type { GraphAnswer } from './gather';
import { GraphView } from './GraphView';
import { Legend } from './Legend';
import { Scrubber } from './Scrubber';
import { StartHere } from './StartHere';
import { useGraph } from './useGraph';
import { useGraphKeys } from './useGraphKeys';
import { useLanes } from './useLanes';
import type { Picture } from './useLens';
import { hiddenTypes, listOf, switched, toggled } from './words';
import './graph.css';

export function GraphPage({ view }: { view: View }) {
  const live = useLive();
  const newest = newestOf(live, view.set.cluster);
  const { from, to } = windowOf(view, view.follow === undefined || newest === undefined ? undefined : { to: newest });
  const window = useMemo(() => ({ ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }), [from, to]);
  const state = useGraph(view, window, view.follow === undefined ? 0 : live.version);
  const { answer } = state;
  const lack = useLack(view.set.cluster);
  const asked = view.set.object !== '' || view.set.namespace !== '';
  if (lack && !answer?.graph.nodes.size) {
    return (
      <main className="graph-page" aria-label="Graph">
        <PageHeader title="Graph">
          <WindowBar view={view} />
        </PageHeader>
        <Unrecorded lack={lack} view={view} icon="graph">
          Here will stand objects and the links between them, at any moment that is recorded.
        </Unrecorded>
      </main>
    );
  }
  return (
    <main className="graph-page" aria-label="Graph">
      <PageHeader
        title={!asked ? 'Graph' : answer?.root ? <ObjectLink object={answer.root} view={view} /> : view.set.object || `Namespace ${view.set.namespace}`}
        sub={asked ? 'and what it is linked with' : undefined}
      >
        <WindowBar view={view} bounds={answer?.window} />
      </PageHeader>
      {!asked && <StartHere view={view} />}
      {asked && state.error && <div className="graph-wrong"><ErrorBox error={state.error} retry={state.retry} /></div>}
      {asked && !answer && !state.error && <div className="graph-wrong"><Skeleton lines={8} height={28} label="Asking for links" /></div>}
      {asked && answer && <Shown view={view} answer={answer} waiting={state.waiting} stale={state.stale} />}
    </main>
  );
}

function Shown({ view, answer, waiting, stale }: { view: View; answer: GraphAnswer; waiting: number; stale: boolean }) {
  const { graph, window } = answer;
  const picture = useRef<Picture>(null);
  const types = useMemo(() => [...new Set([...graph.edges.values()].map((e) => e.type))], [graph]);
  const hidden = useMemo(() => hiddenTypes(view.set.types, types), [view.set.types, types]);
  const first = useMemo(() => fullest(graph, window.from, window.to), [graph, window]);
  const at = view.at ?? first;
  const root = answer.root?.uid ?? '';
  const keep = useMemo(() => new Set(root ? [root] : []), [root]);
  const ended = view.words['ended'] === 'true';
  const seen = useMemo(() => seenAt(graph, at, { hidden, keep: root ? keep : new Set(graph.nodes.keys()), ended }), [graph, at, hidden, root, keep, ended]);
  const openWord = view.words['open'];
  const open = useMemo(() => new Set(listOf(openWord)), [openWord]);
  const grouped = useMemo(() => groupAlike(seen, open, keep), [seen, open, keep]);
  const placed = useMemo(() => place(grouped), [grouped]);
  const nodes = useMemo(() => [...graph.nodes.values()], [graph]);
  const lanes = useLanes(nodes, waiting === 0 ? window : undefined);
  const changes = useMemo(() => changesOf(graph, window.from, window.to, hidden), [graph, window, hidden]);
  const faces = useMemo(() => new Map(grouped.cards.map((card) => [card.id, faceFor(card, at, lanes)])), [grouped, at, lanes]);
  const cards = useCards(view, grouped, at, picture);
  const { selected } = cards;
  useGraphKeys({ grouped, placed, at, changes, picture, move, ...cards });
  if (graph.nodes.size === 0) return <Empty title="Nothing was recorded here in this window" icon="graph">Choose a longer window.</Empty>;
  return (
    <>
      <div className="graph-facts">
        <span role="status">
          {counted(seen.nodes.length, 'object')}, {counted(seen.edges.length, 'link')}
          {grouped.cards.some((c) => c.group) && `, on ${counted(grouped.cards.length, 'card')}`}
          {waiting > 0 && ` · ${counted(waiting, 'question')} to go`}
        </span>
        <Notes notes={answer.notes} />
        <CoverageNote coverage={answer.coverage} quiet />
      </div>
      <div className={stale ? 'graph-body is-stale' : 'graph-body'}>
        <div className="graph-picture">
          <div className="graph-plane">
            <GraphView key={setKey(view)} grouped={grouped} placed={placed} faces={faces} selected={selected} asked={keep} picture={picture} onSelect={cards.select} onOpen={cards.open} colorOf={colorOf} complete={waiting === 0 && !stale} />
            {seen.nodes.length === 0 && <div className="graph-nothing">Nothing of this was there at that moment. Move the time below, or show what is over.</div>}
          </div>
          <Legend
            types={types}
            hidden={hidden}
            ended={ended}
            colorOf={colorOf}
            picture={picture}
            onType={(type) => go({ set: { ...view.set, types: switched(types, hidden, type) } }, { replace: true })}
            onEnded={() => go({ words: { ended: ended ? '' : 'true' } })}
          />
        </div>
        {view.sel && <aside className="graph-side"><DetailPane view={view} /></aside>}
      </div>
      <Scrubber window={window} at={at} changes={changes} onMove={move} />
    </>
  );
}

/** Where the cursor of the graph goes; while it is dragged it leaves no trail in the history. */
function move(at: Moment, dragging: boolean): void {
  go({ at }, { replace: dragging });
}

/** What is done with cards: one is selected, which a group is only as long as one looks; opened; and shown with what else it is linked with. */
function useCards(view: View, grouped: Grouped, at: Moment, picture: RefObject<Picture | null>) {
  const [group, setGroup] = useState<string>();
  const cardOf = (id: string | undefined) => grouped.cards.find((c) => c.id === id);
  const select = (id: string | undefined) => {
    const card = cardOf(id);
    setGroup(card?.group ? id : undefined);
    const node = card && !card.group ? card.members[0] : undefined;
    go({ sel: node?.ref.uid ? { cluster: node.ref.cluster, uid: node.ref.uid, id: '' } : undefined }, { replace: true });
    if (id) picture.current?.reveal(id);
  };
  const open = (id: string) => {
    const card = cardOf(id);
    if (card?.group) return go({ words: { open: toggled(view.words['open'], id) } });
    const to = card?.members[0] && objectView(card.members[0].ref, { ...view, at });
    if (to) goTo(to);
  };
  const expand = (id: string) => {
    const card = cardOf(id);
    const uid = card?.members[0]?.ref.uid;
    if (card?.group) return open(id);
    const within = card?.members[0] && grouped.openOf.get(card.members[0].key);
    if (within) return go({ words: { open: toggled(view.words['open'], within) } });
    if (uid) go({ words: { more: toggled(view.words['more'], uid) } });
  };
  const selected = cardOf(group) ? group : view.sel && grouped.cardOf.get(view.sel.uid);
  return { selected, select, open, expand };
}

const fewNotes = 3;

/** What has to be known about the answers: the first few, and the others when asked. */
function Notes({ notes }: { notes: readonly string[] }) {
  const [all, setAll] = useState(false);
  const left = notes.length - fewNotes;
  return (
    <>
      {notes.slice(0, all ? undefined : fewNotes).map((note) => (
        <span key={note} className="graph-note">
          <Sentence text={note} />
        </span>
      ))}
      {left > 0 && (
        <button type="button" className="note-more" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Show less' : `and ${counted(left, 'more note')}`}
        </button>
      )}
    </>
  );
}

/** Another set is another picture, which is shown whole again. */
function setKey({ set }: View): string {
  return JSON.stringify([set.cluster, set.namespace, set.object, set.up, set.down, set.siblings]);
}

const hues: Record<string, string> = {
  owns: 'var(--text-dim)', selects: 'var(--hue-4)', exposes: 'var(--hue-6)', scales: 'var(--hue-5)', routes: 'var(--hue-2)', 'runs-on': 'var(--hue-7)',
  mounts: 'var(--hue-3)', binds: 'var(--hue-8)', 'runs-as': 'var(--hue-1)',
};

function colorOf(type: string): string {
  return hues[type] ?? 'var(--text-faint)';
}
