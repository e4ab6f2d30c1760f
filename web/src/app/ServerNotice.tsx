import type { ApiError } from '../api/client';
import { Button, Icon } from '../parts';
import './ServerNotice.css';

/** One line below the header where nothing can be asked at all: why, and what to do. */
export function ServerNotice({ error, askToken, retry }: { error: ApiError; askToken: () => void; retry: () => void }) {
  return (
    <div className="server-notice" role="alert">
      <Icon name="warn" size={14} />
      <span>{sentenceOf(error)}</span>
      {(error.status === 401 || error.status === 403) && (
        <Button small onClick={askToken}>
          {error.status === 401 ? 'Enter a token' : 'Use another token'}
        </Button>
      )}
      <Button small icon="retry" onClick={retry}>
        Retry
      </Button>
    </div>
  );
}

function sentenceOf(error: ApiError): string {
  if (error.status === 0) return 'kubewake can not be reached. What you see may be old. Is it still running?';
  if (error.status === 401) return 'This server answers only to who shows a token.';
  if (error.status === 403) return `This token may not read here. ${error.problem.detail ?? ''}`;
  if (error.status === 421) return 'This address is not one of the names that the server answers to. Open it by the name that it was started with.';
  return error.message;
}
