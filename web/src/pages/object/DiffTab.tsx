import { useMemo, useRef } from 'react';
import type { Diff, Entry, Maker, State } from '../../api/types';
import { useAnswer } from '../../api/useAnswer';
import { DiffView, type DiffHandle } from '../../manifest/DiffView';
import { briefly } from '../../manifest/lines';
import { withoutNoise } from '../../manifest/noise';
import { printManifest } from '../../manifest/print';
import { Button, CertaintyChip, CoverageNote, CutNote, Empty, ErrorBox, IconButton, Segments, Skeleton, TimeLabel } from '../../parts';
import { counted } from '../../text/counts';
import { codeText } from '../../text/verbs';
import { sentenceIn } from '../../time/sentence';
import { useKeys } from '../../url/keys';
import { useZone } from '../../url/prefs';
import type { View } from '../../url/state';
import { go } from '../../url/useView';
import { ChangeLine } from './EntryDetails';
import { optionOf } from './history';
import { NoState } from './StateNotes';
import type { ObjectData } from './useObject';
import './DiffTab.css';

/** Two states of the object compared: without a choice the state at the cursor and the one before it. */
export function DiffTab({ view, data }: { view: View; data: ObjectData }) {
  const { words } = view;
  const { revisions, index, object } = data;
  const b = words['b'] ?? data.state.data?.resourceVersion;
  const at = revisions.findIndex((one) => one.revision?.resourceVersion === b);
  const a = words['a'] ?? revisions[(words['b'] ? at : index) - 1]?.revision?.resourceVersion;
  const noise = words['noise'] === 'true';
  const inline = words['side'] === 'inline';
  const whole = words['whole'] === 'true';
  const handle = useRef<DiffHandle>(null);

  const ready = object && a && b ? { a: { ...object, resourceVersion: a }, b: { ...object, resourceVersion: b } } : undefined;
  const diff = useAnswer<Diff>('diff', ready && { ...object, fromResourceVersion: a, toResourceVersion: b, noise }, data.version);
  const before = useAnswer<State>('state', ready?.a, data.version);
  const after = useAnswer<State>('state', ready?.b, data.version);
  const textA = useText(before.data, noise);
  const textB = useText(after.data, noise);
  useKeys({ n: { does: 'Next difference', run: () => handle.current?.step(1) }, p: { does: 'Difference before', run: () => handle.current?.step(-1) } }, 'Diff');

  if (data.state.error && !ready) return <NoState data={data} error={data.state.error} />;
  const stale = before.stale || after.stale;
  return (
    <div className={stale && textA !== undefined ? 'object-tab object-tab-stale' : 'object-tab'}>
      <div className="object-bar">
        <Picker label="From" word="a" value={a} revisions={revisions} />
        <Button small look="quiet" title="Exchange both" aria-label="Exchange both" disabled={!a || !b} onClick={() => go({ words: { a: b ?? '', b: a ?? '' } })}>
          ⇄
        </Button>
        <Picker label="To" word="b" value={b} revisions={revisions} />
        {(words['a'] ?? words['b']) && (
          <Button small look="quiet" onClick={() => go({ words: { a: '', b: '' } })}>
            at the cursor
          </Button>
        )}
        <Options noise={noise} whole={whole} inline={inline} folded={diff.data?.folded ?? 0} step={(by) => handle.current?.step(by)} />
      </div>
      {!a && data.history.data && (
        <Empty title="There is no state before this one" icon="info">
          Choose two revisions above, or go to a later one with j.
        </Empty>
      )}
      {before.error && <ErrorBox error={before.error} retry={before.retry} compact />}
      {after.error && <ErrorBox error={after.error} retry={after.retry} compact />}
      {ready && (
        <div className="object-diff">
          <div className="object-diff-texts">
            {textA === undefined || textB === undefined ? (
              !(before.error ?? after.error) && <Skeleton lines={18} />
            ) : textA === textB ? (
              <Empty title="No difference" icon="check">
                {noise ? 'The two states are the same.' : 'But for noise the two states are the same.'}
              </Empty>
            ) : (
              <>
                {!inline && <Sides a={before.data} b={after.data} />}
                <DiffView a={textA} b={textB} labelA={`State ${a ?? ''}`} labelB={`State ${b ?? ''}`} inline={inline} whole={whole} handle={handle} />
              </>
            )}
          </div>
          <aside className="object-diff-side" aria-label="What changed, and who did it">
            {diff.error && <ErrorBox error={diff.error} retry={diff.retry} compact />}
            {!diff.data && !diff.error && <Skeleton lines={6} />}
            {diff.data && <Changed diff={diff.data} />}
          </aside>
        </div>
      )}
    </div>
  );
}

function useText(state: State | undefined, noise: boolean): string | undefined {
  return useMemo(() => (state ? printManifest(noise ? state.manifest : withoutNoise(state.manifest)).text : undefined), [state, noise]);
}

function Sides({ a, b }: { a: State | undefined; b: State | undefined }) {
  return (
    <div className="object-diff-sides">
      {[a, b].map((state, i) => (
        <span key={i}>
          {state && (
            <>
              <strong>{state.resourceVersion}</strong> since <TimeLabel at={state.when.at} precision="milli" />
              {state.certainty !== 'exact' && <CertaintyChip certainty={state.certainty} reason={state.reason} />}
            </>
          )}
        </span>
      ))}
    </div>
  );
}

/** How the difference is shown, and the steps through it. */
function Options({ noise, whole, inline, folded, step }: { noise: boolean; whole: boolean; inline: boolean; folded: number; step: (by: 1 | -1) => void }) {
  return (
    <span className="object-bar-end">
      <Switch on={noise} word="noise" title="managedFields, resourceVersion, generation and what follows from them">
        Noise{!noise && folded > 0 ? ` (${counted(folded, 'change')} folded)` : ''}
      </Switch>
      <Switch on={whole} word="whole" title="What did not change, too">
        Whole
      </Switch>
      <Segments
        small
        label="How it is shown"
        value={inline ? 'inline' : 'split'}
        options={[{ value: 'split', label: 'Side by side' }, { value: 'inline', label: 'Inline' }]}
        onChange={(next) => go({ words: { side: next === 'inline' ? 'inline' : '' } }, { replace: true })}
      />
      <IconButton small icon="up" label="Difference before (p)" onClick={() => step(-1)} />
      <IconButton small icon="down" label="Next difference (n)" onClick={() => step(1)} />
    </span>
  );
}

function Switch({ on, word, title, children }: { on: boolean; word: string; title: string; children: React.ReactNode }) {
  return (
    <Button small look="quiet" on={on} title={title} onClick={() => go({ words: { [word]: on ? '' : 'true' } }, { replace: true })}>
      {children}
    </Button>
  );
}

/** A choice of one of the revisions. */
function Picker({ label, word, value, revisions }: { label: string; word: 'a' | 'b'; value: string | undefined; revisions: readonly Entry[] }) {
  const zone = useZone();
  return (
    <label className="object-picker">
      <span>{label}</span>
      <select value={value ?? ''} onChange={(event) => go({ words: { [word]: event.target.value } })}>
        {!revisions.some((one) => one.revision?.resourceVersion === value) && <option value={value ?? ''}>{value ?? 'choose'}</option>}
        {revisions.map((entry) => (
          <option key={entry.id} value={entry.revision?.resourceVersion}>
            {optionOf(entry, zone)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Changed({ diff }: { diff: Diff }) {
  const makers = diff.makers ?? [];
  return (
    <>
      <h3>{counted(diff.changes.length, 'change')}</h3>
      <ul className="change-list">
        {diff.changes.map((change) => (
          <ChangeLine key={`${change.op}-${change.path}`} change={change} />
        ))}
      </ul>
      {diff.changes.length === 0 && <p className="object-dim">Nothing but noise.</p>}
      <CutNote cut={diff.cut} />
      {makers.length > 0 && <h3>{makers.length === 1 ? 'Made by' : `Made by ${counted(makers.length, 'request')} in between`}</h3>}
      <ol className="object-makers">
        {makers.slice(0, 200).map((maker, i) => (
          <MakerLine key={maker.request?.id ?? i} maker={maker} />
        ))}
      </ol>
      {makers.length > 200 && <p className="object-dim">and {makers.length - 200} more</p>}
      <CoverageNote coverage={diff.coverage} quiet />
    </>
  );
}

function MakerLine({ maker }: { maker: Maker }) {
  const { request } = maker;
  const zone = useZone();
  const evidence = maker.evidence.map((sentence) => sentenceIn(zone, sentence));
  return (
    <li title={evidence.join('\n')}>
      <span className="object-makers-time">
        <TimeLabel at={request?.receivedAt} clock precision="milli" />
      </span>
      <strong>{maker.actor?.user ? briefly(maker.actor.user) : maker.candidates ? 'one of several' : 'not known'}</strong>
      <span>
        {request ? `${request.verb}${request.subresource ? ` ${request.subresource}` : ''}` : ''} {(request?.code ?? 0) >= 400 ? codeText(request?.code) : ''}
      </span>
      {maker.certainty !== 'exact' && <CertaintyChip certainty={maker.certainty} reason={evidence.join(' ')} />}
    </li>
  );
}
