import { ApiError, fetchOf, urlOf, type Params } from './client';
import type { Problem } from './types';

/** Reads lines of a response as they arrive. */
async function* linesOf(response: Response): AsyncGenerator<string> {
  const reader = response.body?.getReader();
  if (!reader) return;
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += decoder.decode(value, { stream: !done });
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
      if (done) break;
    }
    if (rest) yield rest;
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

/** Asks a question that answers line by line (NDJSON). */
export async function* askLines<T>(question: string, params: Params, signal: AbortSignal): AsyncGenerator<T> {
  const response = await fetchOf(urlOf(question, params), 'application/x-ndjson', signal);
  for await (const line of linesOf(response)) if (line) yield JSON.parse(line) as T;
}

/**
 * Reads server-sent events; ends when the server does, or with the signal; throws what the server says of why it breaks off. EventSource could
 * not send a token.
 */
export async function* askEvents<T>(question: string, params: Params, signal: AbortSignal): AsyncGenerator<T> {
  const response = await fetchOf(urlOf(question, params), 'text/event-stream', signal);
  let kind = '';
  let data = '';
  for await (const line of linesOf(response)) {
    if (line.startsWith('event:')) kind = line.slice(6).trim();
    if (line.startsWith('data:')) data += line.slice(5).trimStart();
    if (line === '' && data) {
      if (kind === 'problem') {
        const problem = JSON.parse(data) as Problem;
        throw new ApiError(problem.status ?? 500, problem);
      }
      yield JSON.parse(data) as T;
      kind = data = '';
    }
  }
}
