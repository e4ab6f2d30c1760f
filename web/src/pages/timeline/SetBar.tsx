import { useRef, useState, type FormEvent } from 'react';
import { useInfo } from '../../api/server';
import type { Row } from '../../api/drawn';
import type { Objects } from '../../api/types';
import { useAnswer } from '../../api/useAnswer';
import { Button, Icon, nameOf, Popover } from '../../parts';
import { kindShort } from '../../text/kinds';
import { everything, type SetOfObjects } from '../../url/state';
import { go } from '../../url/useView';

const names = { cluster: 'cluster', namespace: 'namespace', kind: 'kind', name: 'name', selector: 'labels', filter: 'where', object: 'tree of' } as const;
type Word = keyof typeof names;

/** What is shown, as chips that can be taken away, and a form for the rest. */
export function SetBar({ set, rows }: { set: SetOfObjects; rows: readonly Row[] }) {
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLSpanElement>(null);
  const given = (Object.keys(names) as Word[]).filter((word) => set[word] !== '');
  const without = (word: Word) => ({ ...set, [word]: '', ...(word === 'object' ? { siblings: false, types: '' } : {}) });
  return (
    <div className="timeline-set" role="group" aria-label="Objects shown">
      {given.map((word) => (
        <span key={word} className="timeline-set-chip">
          <button type="button" className="timeline-set-words" title="Change what is shown" onClick={() => setOpen(true)}>
            <span className="timeline-set-name">{names[word]}</span> {wordText(word, set, rows)}
          </button>
          <button type="button" className="timeline-set-remove" aria-label={`Without ${names[word]} ${set[word]}`} title="Take away" onClick={() => go({ set: withoutTree(without(word)) })}>
            <Icon name="cross" size={11} />
          </button>
        </span>
      ))}
      <span ref={anchor}>
        <Button small look={given.length ? 'quiet' : 'plain'} icon="filter" aria-expanded={open} onClick={() => setOpen(!open)}>
          {given.length === 0 ? 'All objects' : 'Change'}
        </Button>
      </span>
      {open && (
        <Popover anchor={anchor} label="Which objects are shown" onClose={() => setOpen(false)} className="timeline-set-form">
          <SetForm set={set} close={() => setOpen(false)} />
        </Popover>
      )}
    </div>
  );
}

/** Without a root, how far its tree goes means nothing. */
function withoutTree(set: SetOfObjects): SetOfObjects {
  if (set.object) return set;
  const { up, down, ...rest } = set;
  void [up, down];
  return rest;
}

/** What a chip says; a root that is named by its UID is told by its name as soon as its row is there. */
export function wordText(word: Word, set: SetOfObjects, rows: readonly Row[]): string {
  const uid = word === 'object' && set.object.startsWith('uid:') ? set.object.slice(4) : '';
  const root = uid ? rows.find((row) => row.uid === uid && row.name) : undefined;
  const text = root ? `${kindShort(root.kind ?? '')} ${nameOf(root)}` : uid ? `uid ${uid.slice(0, 8)}…` : set[word];
  if (word !== 'object') return text;
  const far = [set.up === undefined ? '' : `${set.up} up`, set.down === undefined ? '' : `${set.down} down`, set.siblings ? 'with siblings' : ''].filter(Boolean);
  return far.length ? `${text} (${far.join(', ')})` : text;
}

const hints: Record<Word, string> = {
  cluster: '', namespace: 'shop', kind: 'deploy,pods', name: 'web-*', selector: 'app=web,tier!=cache', filter: 'request.code >= 400', object: 'deploy/web',
};

const explained: Record<Word, string> = {
  cluster: 'Cluster', namespace: 'Namespace', kind: 'Kinds, with commas', name: 'Name, or a pattern with *', selector: 'Labels', filter: 'Only objects with a record that this CEL filter matches',
  object: 'An object and what belongs to it',
};

function SetForm({ set, close }: { set: SetOfObjects; close: () => void }) {
  const [draft, setDraft] = useState(set);
  const clusters = useInfo().data?.clusters ?? [];
  const namespaces = useAnswer<Objects>('objects', { kind: 'namespaces', cluster: draft.cluster, limit: 500 }).data?.objects ?? [];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    go({ set: withoutTree(draft) });
    close();
  };
  const field = (word: Word, list?: string) => (
    <label key={word}>
      <span>{explained[word]}</span>
      <input
        value={draft[word]}
        placeholder={hints[word]}
        list={list}
        spellCheck={false}
        autoComplete="off"
        className={word === 'filter' || word === 'selector' ? 'mono' : ''}
        onChange={(event) => setDraft({ ...draft, [word]: event.target.value.trim() === '' ? '' : event.target.value })}
      />
    </label>
  );
  return (
    <form onSubmit={submit}>
      {clusters.length > 1 && (
        <label>
          <span>{explained.cluster}</span>
          <select value={draft.cluster} onChange={(event) => setDraft({ ...draft, cluster: event.target.value })}>
            <option value="">all</option>
            {clusters.map((c) => (
              <option key={c.name}>{c.name}</option>
            ))}
          </select>
        </label>
      )}
      {field('namespace', 'timeline-namespaces')}
      <datalist id="timeline-namespaces">
        {namespaces.map((n) => (
          <option key={n.uid ?? n.name} value={n.name} />
        ))}
      </datalist>
      {field('kind')}
      {field('name')}
      {field('selector')}
      {field('filter')}
      {field('object')}
      {draft.object && (
        <label className="timeline-set-check">
          <input type="checkbox" checked={draft.siblings} onChange={(event) => setDraft({ ...draft, siblings: event.target.checked })} />
          <span>with what belongs to the same owners</span>
        </label>
      )}
      <div className="timeline-set-buttons">
        <Button look="quiet" onClick={() => setDraft({ ...everything })}>
          Everything
        </Button>
        <button type="submit" className="button button-primary">
          Show
        </button>
      </div>
    </form>
  );
}
