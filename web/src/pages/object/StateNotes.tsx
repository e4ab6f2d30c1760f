import type { ReactNode } from 'react';
import type { State } from '../../api/types';
import type { ApiError } from '../../api/client';
import { Button, Empty, ErrorBox, Icon, Sentence, TimeLabel } from '../../parts';
import { sentenceIn } from '../../time/sentence';
import { useZone } from '../../url/prefs';
import { go } from '../../url/useView';
import { momentOf } from './history';
import { select, stepRevision, type ObjectData } from './useObject';

/** What one must know of a state before one trusts it. */
export function StateNotes({ state, text, data }: { state: State; text: string; data: ObjectData }) {
  const next = state.next && data.revisions.find((entry) => entry.revision?.resourceVersion === state.next?.resourceVersion);
  const assumed = state.assumed ?? [];
  const reason = sentenceIn(useZone(), state.reason ?? '');
  return (
    <>
      {state.certainty !== 'exact' && (
        <Note tone="warn" icon="warn">
          The state is <strong>{state.certainty}</strong>. {reason}
        </Note>
      )}
      {state.certainty === 'exact' && reason && <Note icon="info">{reason}</Note>}
      {state.next && (
        <Note tone="warn" icon="clock">
          Revision {state.next.resourceVersion} may have been in force already: it came at the latest at <TimeLabel at={state.next.when.at} clock precision="milli" />.
          {next && data.ref && (
            <Button small look="quiet" onClick={() => data.ref && select(data.ref, next)}>
              Show it
            </Button>
          )}
        </Note>
      )}
      {/(?:: |- )redacted:[0-9a-f]{4,}:/.test(text) && (
        <Note icon="info">Secret values were replaced by keyed digests before anything was stored: equal digests are equal values.</Note>
      )}
      {state.conflict && (
        <Note tone="warn" icon="warn">
          Two bodies of this state are recorded, and they differ. One is shown, chosen by rule; the other is kept.
        </Note>
      )}
      {assumed.length > 0 && (
        <Note tone="warn" icon="gap">
          Only a part of this state was recorded. Carried over from the state before, and assumed unchanged: <code>{assumed.slice(0, 6).join(', ')}</code>
          {assumed.length > 6 && ` and ${assumed.length - 6} more`}
        </Note>
      )}
    </>
  );
}

function Note({ tone = 'plain', icon, children }: { tone?: 'plain' | 'warn'; icon: 'info' | 'warn' | 'clock' | 'gap'; children: ReactNode }) {
  return (
    <p className={`object-note object-note-${tone}`} role="status">
      <Icon name={icon} size={14} />
      <span>{children}</span>
    </p>
  );
}

/** There is no state at the cursor: why, and where there is one. */
export function NoState({ data, error }: { data: ObjectData; error: ApiError }) {
  const { revisions, at, state } = data;
  const first = momentOf(revisions[0]?.when);
  const { kind } = error.problem;
  if (kind === 'not-covered' && revisions.length === 0) {
    return (
      <Empty title="No manifest of it is recorded" icon="info">
        <p><Sentence text={error.message} /></p>
        {data.entries.some((entry) => entry.event) && <Button onClick={() => go({ words: { tab: 'events' } })}>Show what the Events say</Button>}
      </Empty>
    );
  }
  if (!first || at === undefined || at >= first || (kind !== 'not-found' && kind !== 'not-covered')) return <ErrorBox error={error} retry={state.retry} />;
  return (
    <Empty title="There was no state yet" icon="clock">
      <p><Sentence text={error.message} /></p>
      <Button onClick={() => stepRevision(data, 'first')}>Go to the first state</Button>
    </Empty>
  );
}
