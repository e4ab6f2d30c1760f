import type { Trace } from '../../api/types';
import { CoverageNote, CutNote, Icon, Sentence } from '../../parts';
import { counted, grouped } from '../../text/counts';
import type { Model } from './useModel';

/** "412 spans, 37 objects, 5 failed", and what has to be known about that. */
export function TraceCount({ model }: { model: Model }) {
  const { spans, rows } = model;
  const events = spans.eventAt.length;
  return (
    <span className="trace-count" role="status">
      {counted(spans.count, 'span')}
      {events > 0 && `, ${counted(events, 'event')}`}, {counted(spans.objects, 'object')}
      {spans.failedSpans > 0 ? <span className="trace-bad">, ⊘ {grouped(spans.failedSpans)} failed</span> : ', none failed'}
      {rows.length < spans.count && <span className="trace-dim"> · {counted(rows.length, 'row')} open</span>}
    </span>
  );
}

export function TraceNotes({ trace }: { trace: Trace }) {
  const notes = trace.notes ?? [];
  const first = notes[0];
  return (
    <div className="trace-notes">
      {trace.pending && (
        <p className="note" role="status">
          <Icon name="retry" size={14} />
          <span><Sentence text={trace.pending} /></span>
        </p>
      )}
      <CutNote cut={trace.cut} />
      {notes.length > 0 && (
        <details className="trace-notes-list">
          <summary>
            <Icon name="info" size={14} /> {counted(notes.length, 'note')} about this trace: {first && <Sentence text={first} />}
          </summary>
          <ul>
            {notes.map((note) => (
              <li key={note}>
                <Sentence text={note} />
              </li>
            ))}
          </ul>
        </details>
      )}
      <CoverageNote coverage={trace.coverage} quiet />
    </div>
  );
}
