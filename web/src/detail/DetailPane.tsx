import type { Entry, EntryRef, OneEntry } from '../api/types';
import { Empty, ErrorBox, IconButton, ObjectLink, Skeleton } from '../parts';
import { parseMoment } from '../time/moment';
import { useKeys } from '../url/keys';
import type { View } from '../url/state';
import { go } from '../url/useView';
import './DetailPane.css';
import { EntryCopy, EntryView } from './EntryView';
import { ObjectSummary } from './ObjectSummary';
import { useEntry, useObject } from './useSelection';

/** What is selected (view.sel): one record with everything that is known of it, or an object in short. */
export function DetailPane({ view }: { view: View }) {
  const { sel } = view;
  const entry = useEntry(sel);
  const summary = useObject(sel);
  const one = sel?.id && entry.data && isOf(entry.data.entry, sel.id) ? entry.data : undefined;
  const shown = one ?? (sel?.id ? entry.data : undefined);
  const known = summary.stale ? undefined : summary.data;
  const object = sel?.id ? shown?.object : known?.objects[0];
  useStepKeys(one, view);
  if (!sel) {
    return (
      <aside className="detail-pane" aria-label="Selected">
        <Empty title="Nothing is selected" icon="info">
          <p>Choose a record or an object: all that is known of it is told here.</p>
        </Empty>
      </aside>
    );
  }
  return (
    <aside className="detail-pane" aria-label="Selected">
      <header className="detail-bar">
        <div className="detail-bar-object">{object ? <ObjectLink object={object} view={view} /> : <span className="detail-dim">{!sel.id && known ? 'Unknown object' : '…'}</span>}</div>
        {sel.id && <IconButton small icon="left" label="Previous state ([ or k)" disabled={!one?.before} onClick={() => step(one?.before, view)} />}
        {sel.id && <IconButton small icon="right" label="Next state (] or j)" disabled={!one?.after} onClick={() => step(one?.after, view)} />}
        {one && <EntryCopy one={one} view={view} />}
        <IconButton small icon="cross" label="Close (Escape)" onClick={() => go({ sel: undefined })} />
      </header>
      <div className={shown && !one ? 'detail-body detail-body-stale' : 'detail-body'} aria-busy={entry.loading}>
        {sel.id && entry.error && <ErrorBox error={entry.error} retry={entry.retry} />}
        {sel.id && !shown && !entry.error && <Skeleton lines={8} />}
        {sel.id && shown && !entry.error && <EntryView one={shown} view={view} />}
        {!sel.id && <ObjectSummary sel={sel} view={view} answer={summary} />}
      </div>
    </aside>
  );
}

/** Whether an entry is the one that was asked for: a request that made a state is told with that state. */
function isOf({ id, revision, end }: Entry, asked: string): boolean {
  return id === asked || revision?.maker.request?.id === asked || end?.maker.request?.id === asked;
}

/** Selects a revision and moves the cursor to it. */
function step(to: EntryRef | undefined, view: View): void {
  if (!to || !view.sel) return;
  const at = parseMoment(to.when.at);
  go({ sel: { ...view.sel, id: to.id }, ...(at === undefined ? {} : { at }) }, { replace: true });
}

function useStepKeys(one: OneEntry | undefined, view: View): void {
  useKeys(
    view.sel
      ? {
          '[|k': { does: 'Previous state of the object', run: () => step(one?.before, view) },
          ']|j': { does: 'Next state of the object', run: () => step(one?.after, view) },
          Escape: { does: 'Close what is selected', run: () => go({ sel: undefined }) },
        }
      : {},
    'What is selected',
  );
}
