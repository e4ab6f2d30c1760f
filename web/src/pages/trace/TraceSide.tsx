import type { Trace } from '../../api/types';
import { DetailPane } from '../../detail';
import type { Pick } from '../../gantt/hit';
import { Tabs } from '../../parts';
import type { View } from '../../url/state';
import { go } from '../../url/useView';
import { SpanPanel } from './SpanPanel';
import type { Model } from './useModel';

export interface TraceSideProps {
  view: View;
  trace: Trace;
  model: Model;
  pick: Pick;
  share: Float64Array | undefined;
  onPick: (pick: Pick) => void;
}

/** What is selected: the record or object as every page tells it, and as the span that other programs see. */
export function TraceSide({ view, trace, model, pick, share, onPick }: TraceSideProps) {
  const known = view.sel !== undefined && !view.words['span'];
  const side = known && view.words['side'] !== 'span' ? 'record' : 'span';
  return (
    <div className="trace-side">
      {known && (
        <Tabs
          id="trace-side"
          label="What is selected"
          tabs={[{ value: 'record', label: view.sel?.id ? 'Record' : 'Object' }, { value: 'span', label: 'Span' }]}
          value={side}
          onChange={(value) => go({ words: { side: value === 'span' ? 'span' : '' } }, { replace: true })}
        />
      )}
      <div className="trace-side-panel" {...(known ? { role: 'tabpanel', 'aria-labelledby': `trace-side-${side}` } : {})}>
        {side === 'record' ? (
          <DetailPane view={view} />
        ) : (
          <SpanPanel
            key={`${pick.span}/${pick.event}`}
            trace={trace}
            spans={model.spans}
            pick={pick}
            view={view}
            share={share?.[pick.span]}
            onPick={onPick}
            onClose={() => go({ sel: undefined, words: { span: '' } })}
          />
        )}
      </div>
    </div>
  );
}
