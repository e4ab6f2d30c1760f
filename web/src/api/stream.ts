import { parseExact } from '../text/whole';
import { ApiError, fetchOf, urlOf, type Params } from './client';
import type { Problem } from './types';

/** Events say every 15 s at the latest that they still come. So much longer than that, in milliseconds, the connection is dead, as behind a machine that slept. */
const silenceMillis = 50_000;

/** The next piece; throws where nothing comes for so long. */
async function readWithin(reader: ReadableStreamDefaultReader<Uint8Array>, millis: number) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ApiError(0, { title: 'The connection is silent', detail: 'Nothing is heard of kubewake any more.' })), millis);
  });
  try {
    return await Promise.race([reader.read(), silent]);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads lines of a response as they arrive; given millis, throws where none does for so long. */
async function* linesOf(response: Response, millis?: number): AsyncGenerator<string> {
  const reader = response.body?.getReader();
  if (!reader) return;
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await (millis === undefined ? reader.read() : readWithin(reader, millis));
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

/** Asks a question that answers line by line (NDJSON); whole numbers too large for a number are a Whole. */
export async function* askLines<T>(question: string, params: Params, signal: AbortSignal): AsyncGenerator<T> {
  const response = await fetchOf(urlOf(question, params), 'application/x-ndjson', signal);
  for await (const line of linesOf(response)) if (line) yield parseExact(line) as T;
}

/**
 * Reads server-sent events; ends when the server does, or with the signal; throws what the server says of why it breaks off, and where it says nothing at
 * all any more. EventSource could not send a token.
 */
export async function* askEvents<T>(question: string, params: Params, signal: AbortSignal): AsyncGenerator<T> {
  const response = await fetchOf(urlOf(question, params), 'text/event-stream', signal);
  let kind = '';
  let data = '';
  for await (const line of linesOf(response, silenceMillis)) {
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
