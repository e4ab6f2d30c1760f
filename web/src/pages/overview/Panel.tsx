import type { ReactNode } from 'react';
import { ErrorBox, Skeleton } from '../../parts';
import { formatSpan } from '../../time/format';
import type { Staged } from './useCalm';

/** A block of the overview, which loads and fails by itself. */
export function Panel<T>({ title, count, more, className, answer, lines = 5, children }: {
  title: string;
  count?: ReactNode;
  /** Where there is more of it. */
  more?: ReactNode;
  className?: string;
  answer: Staged<T>;
  lines?: number;
  children: (data: T) => ReactNode;
}) {
  return (
    <section className={className ? `panel ${className}` : 'panel'} aria-label={title} aria-busy={answer.loading}>
      <header>
        <h2>{title}</h2>
        {count !== undefined && <span className="panel-count">{count}</span>}
        {answer.recent !== undefined && (
          <span className="panel-recent" role="status">
            so far of the last {formatSpan(answer.recent)}…
          </span>
        )}
        {more && <span className="panel-more">{more}</span>}
      </header>
      {answer.error && <ErrorBox compact error={answer.error} retry={answer.retry} />}
      {answer.data ? <div className={answer.stale ? 'panel-body panel-stale' : 'panel-body'}>{children(answer.data)}</div> : !answer.error && <Skeleton lines={lines} height={18} label={`Loading: ${title}`} />}
    </section>
  );
}

/** What stands where a list has nothing to tell. */
export function Nothing({ children }: { children: ReactNode }) {
  return <p className="panel-nothing">{children}</p>;
}
