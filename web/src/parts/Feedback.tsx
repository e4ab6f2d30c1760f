import type { ReactNode } from 'react';
import type { ApiError } from '../api/client';
import type { IconName } from '../text/icons';
import { Button } from './Button';
import './Feedback.css';
import { Icon } from './Icon';
import { Sentence } from './Sentence';

/** Lines that stand where text will be. */
export function Skeleton({ lines = 3, height = 14, label = 'Loading' }: { lines?: number; height?: number; label?: string }) {
  return (
    <div className="skeleton" role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} style={{ height, width: `${[92, 74, 83, 61, 88, 69][i % 6]}%` }} />
      ))}
    </div>
  );
}

const kinds: Record<string, string> = {
  'bad-question': 'That can not be asked',
  'not-found': 'Not found',
  ambiguous: 'Several match',
  'not-covered': 'Not recorded',
  'too-much': 'Too much to answer',
};

/** What went wrong, where it went wrong; retry asks again. */
export function ErrorBox({ error, retry, compact }: { error: ApiError | Error; retry?: () => void; compact?: boolean }) {
  const problem = 'problem' in error ? error.problem : undefined;
  const status = 'status' in error ? error.status : undefined;
  const title = status === 0 ? 'No answer' : ((problem?.kind && kinds[problem.kind]) ?? problem?.title ?? 'Something went wrong');
  const gap = problem?.coverage?.gaps[0]?.sentence;
  const again = retry && (status === undefined || status === 0 || status >= 500 || status === 401 || status === 403 || status === 404);
  return (
    <div className={compact ? 'error-box error-box-compact' : 'error-box'} role="alert">
      <Icon name="warn" />
      <div>
        <strong>{title}</strong>
        <p><Sentence text={error.message} /></p>
        {gap && gap !== error.message && <p><Sentence text={gap} /></p>}
        {problem?.candidates && problem.candidates.length > 0 && (
          <ul>
            {problem.candidates.slice(0, 8).map((one) => (
              <li key={one} className="mono">
                {one}
              </li>
            ))}
            {problem.candidates.length > 8 && <li>and {problem.candidates.length - 8} more</li>}
          </ul>
        )}
      </div>
      {again && (
        <Button small icon="retry" onClick={retry}>
          Retry
        </Button>
      )}
    </div>
  );
}

/** What to say where there is nothing: why, and what to do. */
export function Empty({ title, icon, children }: { title: string; icon?: IconName; children?: ReactNode }) {
  return (
    <div className="empty">
      {icon && <Icon name={icon} size={24} />}
      <h3>{title}</h3>
      {children && <div>{children}</div>}
    </div>
  );
}
