import { useEffect, useState } from 'react';
import { ApiError, fetchOf } from '../api/client';
import { Empty, ErrorBox, Link, Skeleton, toPage } from '../parts';

/** Whether this is the address that leads to a trace in the Jaeger UI: where a token is wanted, a browser gets the UI there. */
export const isLeadingOn = () => location.pathname === '/redirect';

/** Asks, with the token, where the address leads to, and goes there. */
export function LeadOn() {
  const [error, setError] = useState<Error>();
  const [tries, setTries] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    leadsTo(abort.signal).then(
      (to) => {
        // The address that was opened does not stay behind: Back would lead here again, and on.
        if (!abort.signal.aborted) location.replace(to);
      },
      (failed: unknown) => {
        if (!abort.signal.aborted) setError(failed instanceof Error ? failed : new Error(String(failed)));
      },
    );
    return () => abort.abort();
  }, [tries]);
  const retry = () => {
    setError(undefined);
    setTries(tries + 1);
  };
  return (
    <main>
      <Empty title="To the trace in Jaeger" icon="tree">
        {error ? <ErrorBox error={error} retry={retry} /> : <Skeleton lines={1} label="Asking where the trace is" />}
        <p>
          Or stay here: <Link to={toPage('overview', undefined)}>the overview</Link>
        </p>
      </Empty>
    </main>
  );
}

async function leadsTo(signal: AbortSignal): Promise<string> {
  const response = await fetchOf(location.pathname + location.search, 'application/json', signal);
  const { location: to } = (await response.json()) as { location?: string };
  if (!to || !/^https?:\/\//.test(to)) throw new ApiError(response.status, { detail: 'The server did not say where the trace is.' });
  return to;
}
