import { useMemo, useRef } from 'react';
import type { Entry } from '../../api/types';
import type { Shown } from '../../manifest/gutter';
import { ages, bandsOf, blameLines, briefly, numbered, signOf, type BlamedLine, type Knowledge } from '../../manifest/lines';
import { ManifestView, type ManifestHandle } from '../../manifest/ManifestView';
import { valueAt } from '../../manifest/path';
import { withoutManagedFields } from '../../manifest/noise';
import { printManifest } from '../../manifest/print';
import { Button, Copy, ErrorBox, Segments, Skeleton } from '../../parts';
import { useKeys } from '../../url/keys';
import type { View } from '../../url/state';
import { go } from '../../url/useView';
import { BlameCard } from './BlameCard';
import { BlameTable } from './BlameTable';
import { NoState, StateNotes } from './StateNotes';
import { select, type ObjectData } from './useObject';
import './ManifestTab.css';

/** The state at the cursor, and whose each line is. */
export function ManifestTab({ view, data }: { view: View; data: ObjectData }) {
  const { state, blame } = data;
  const mode = view.words['blame'] ?? 'on';
  const heat = view.words['heat'] === 'true';
  const handle = useRef<ManifestHandle>(null);
  const manifest = state.data?.manifest;
  const managed = view.words['managed'] === 'true';
  const printed = useMemo(() => printManifest(managed ? manifest : withoutManagedFields(manifest)), [manifest, managed]);
  const matches = blame.data?.resourceVersion === state.data?.resourceVersion;
  const fields = matches ? blame.data?.fields : undefined;
  const blamed = useMemo(() => (fields ? blameLines(printed, manifest, fields) : undefined), [printed, manifest, fields]);
  const colours = useMemo(() => coloursOf(data.entries, blamed?.lines ?? []), [data.entries, blamed]);
  const first = data.revisions[data.index]?.revision?.first ?? false; // all of it is new: that stands out in nothing
  const shown = useMemo<Shown>(() => {
    const lines = blamed?.lines ?? [];
    return {
      lines, bands: bandsOf(lines), colours, resourceVersion: first ? '' : (state.data?.resourceVersion ?? ''), loading: !blamed && !blame.error,
      ...(heat ? { ages: ages(lines) } : {}), ...(data.at === undefined ? {} : { at: data.at }),
    };
  }, [blamed, colours, first, state.data?.resourceVersion, heat, data.at, blame.error]);

  useKeys({ 'Alt+b': { does: 'Walk the blame: up and down, Enter goes to the revision', run: () => handle.current?.focusBlame() }, 'Mod+f': { does: 'Find in the manifest', run: () => handle.current?.search() } }, 'Manifest');

  if (state.error) return <NoState data={data} error={state.error} />;
  if (!state.data) return <Skeleton lines={18} />;
  const jump = (line: number) => jumpTo(data, blamed?.lines[line]);
  return (
    <div className={state.stale ? 'object-tab object-tab-stale' : 'object-tab'}>
      <StateNotes state={state.data} text={printed.text} data={data} />
      <div className="object-bar">
        <Segments
          small
          label="Blame"
          value={mode}
          options={[{ value: 'on', label: 'Blame' }, { value: 'table', label: 'As a table', title: 'The same as a table, for screen readers and for copying' }, { value: 'off', label: 'Off' }]}
          onChange={(next) => go({ words: { blame: next === 'on' ? '' : next } }, { replace: true })}
        />
        {mode === 'on' && (
          <Segments
            small
            label="Colours of the blame"
            value={heat ? 'age' : 'author'}
            options={[{ value: 'author', label: 'By author' }, { value: 'age', label: 'By age' }]}
            onChange={(next) => go({ words: { heat: next === 'age' ? 'true' : '' } }, { replace: true })}
          />
        )}
        <Legend lines={shown.lines} heat={heat} colours={colours} />
        <span className="object-bar-end">
          <Button small look="quiet" on={managed} title="Shows metadata.managedFields as well" onClick={() => go({ words: { managed: managed ? '' : 'true' } }, { replace: true })}>
            managedFields
          </Button>
          <Button small look="quiet" icon="search" onClick={() => handle.current?.search()}>
            Find
          </Button>
          <Copy value={printed.text} label="the manifest" />
        </span>
      </div>
      {blame.error && <ErrorBox error={blame.error} retry={blame.retry} compact />}
      {mode === 'table' ? (
        <BlameTable lines={shown.lines} manifest={manifest} data={data} />
      ) : (
        <div className="object-editor">
          <ManifestView
            handle={handle}
            printed={printed}
            blame={shown}
            plain={mode === 'off'}
            reveal={data.selected?.revision?.resourceVersion === state.data.resourceVersion ? data.selected?.id ?? '' : ''}
            label={`Manifest of ${data.ref?.kind ?? ''} ${data.ref?.name ?? ''}`}
            onChoose={jump}
            card={(line) => <BlameCard line={shown.lines[line]} value={valueAt(manifest, shown.lines[line]?.place ?? [])} data={data} onJump={() => jump(line)} />}
          />
        </div>
      )}
      {blamed && blamed.unplaced.length > 0 && (
        <p className="object-foot" title={blamed.unplaced.map((f) => f.path).join('\n')}>
          {blamed.unplaced.length} told fields do not stand in this state: {blamed.unplaced.slice(0, 3).map((f) => f.path).join(', ')}
        </p>
      )}
    </div>
  );
}

/** Goes to the revision that set a line. */
function jumpTo(data: ObjectData, line: BlamedLine | undefined): void {
  const field = line?.author?.field;
  const entry = data.revisions.find((one) => one.revision?.resourceVersion === field?.resourceVersion);
  if (entry && data.ref && field?.resourceVersion) select(data.ref, entry);
}

/** By when they are first seen in the history, so that colours stay the same for all states of an object; who is not in it comes behind. */
function coloursOf(entries: readonly Entry[], lines: readonly BlamedLine[]): Map<string, number> {
  const users = entries.flatMap((entry) => (entry.kind === 'revision' && entry.actor?.user ? [entry.actor.user] : []));
  return numbered([...users, ...lines.flatMap(({ author }) => author?.who ?? [])]);
}

/** What the signs mean that are on screen, and who is there. */
function Legend({ lines, heat, colours }: { lines: readonly BlamedLine[]; heat: boolean; colours: ReadonlyMap<string, number> }) {
  const known = new Set<Knowledge>();
  const authors = new Set<string>();
  for (const { author, leaf } of lines) {
    if (author) {
      known.add(author.knowledge);
      if (author.who) authors.add(author.who);
    } else if (leaf) known.add('unknown');
  }
  if (lines.length === 0) return null;
  return (
    <span className="blame-legend">
      {[...known].map((one) => (
        <span key={one} className="blame-legend-how">
          {signOf(one).sign} {signOf(one).word}
        </span>
      ))}
      {heat ? (
        <span className="blame-legend-ages" aria-label="Colours from the newest to the oldest">
          new
          {[0, 1, 2, 3, 4].map((age) => (
            <i key={age} style={{ background: `var(--manifest-age-${age})` }} />
          ))}
          old
        </span>
      ) : (
        [...authors].slice(0, 5).map((who) => (
          <span key={who} title={who}>
            <i style={{ background: colours.has(who) ? `var(--hue-${(colours.get(who) ?? 0) + 1})` : 'var(--state-unknown)' }} />
            {briefly(who)}
          </span>
        ))
      )}
    </span>
  );
}
