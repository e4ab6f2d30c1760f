import { parseExact } from '../text/whole';
import type { Problem } from './types';

/** What a question is asked with: several values of one name are repeated; empty ones, undefined and false are left out. */
export type Params = Record<string, string | number | boolean | readonly string[] | undefined>;

/** An answer that is no answer: what the server said, or why it could not be reached. */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: Problem;

  constructor(status: number, problem: Problem) {
    super(problem.detail ?? problem.title ?? `the server answered ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

const tokenKey = 'kubewake.token';

/** The bearer token that questions carry; kept until the tab is closed. Empty: none. */
export function setToken(token: string): void {
  if (token) sessionStorage.setItem(tokenKey, token);
  else sessionStorage.removeItem(tokenKey);
  forgetAnswers();
}

const refused = new Set<() => void>();

/** Calls refused whenever the server wants a token that we have not (401); gives the function that ends it. */
export function onUnauthorized(tell: () => void): () => void {
  refused.add(tell);
  return () => refused.delete(tell);
}

export function headers(accept: string): HeadersInit {
  const token = sessionStorage.getItem(tokenKey);
  return token ? { Accept: accept, Authorization: `Bearer ${token}` } : { Accept: accept };
}

/** The address of a question. */
export function urlOf(question: string, params: Params): string {
  const query = new URLSearchParams();
  for (const name of Object.keys(params).sort()) {
    const value = params[name];
    if (value === undefined || value === '' || value === false) continue;
    if (Array.isArray(value)) for (const one of value) query.append(name, String(one));
    else query.set(name, String(value));
  }
  const tail = query.toString();
  return `/api/v1/${question}` + (tail && `?${tail}`);
}

/** Answers lately given, the one used last at the end. */
const answers = new Map<string, unknown>();
const keptAnswers = 64;
/** How often all were forgotten: what was asked for before is not kept when it comes in. */
let forgotten = 0;

/** What was answered before and may be shown at once. */
export function remembered(url: string): unknown {
  return answers.get(url);
}

function remember(url: string, answer: unknown): void {
  answers.delete(url);
  answers.set(url, answer);
  for (const oldest of answers.keys()) {
    if (answers.size <= keptAnswers) break;
    answers.delete(oldest);
  }
}

/** Forgets all answers, and those that are on their way: something new was recorded, which they may not tell of. */
export function forgetAnswers(): void {
  forgotten++;
  answers.clear();
}

/** Questions whose answers hold values of manifests: whole numbers too large for a number are a Whole there. */
const exact = new Set(['state', 'diff', 'blame', 'history', 'entry']);

/** Asks /api/v1. Throws ApiError, or the signal's reason where it was aborted. */
export async function ask<T>(question: string, params: Params, signal?: AbortSignal): Promise<T> {
  const url = urlOf(question, params);
  const known = answers.get(url);
  if (known !== undefined) {
    remember(url, known);
    return known as T;
  }
  const turn = forgotten;
  const response = await fetchOf(url, 'application/json', signal);
  const answer = (exact.has(question) ? parseExact(await response.text()) : await response.json()) as T;
  if (turn === forgotten) remember(url, answer);
  return answer;
}

/** Fetches from our server; what is no 2xx becomes an ApiError. */
export async function fetchOf(url: string, accept: string, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { headers: headers(accept), ...(signal ? { signal } : {}) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, { title: 'kubewake can not be reached', detail: 'kubewake can not be reached. Is it still running?' });
  }
  if (response.status === 401) for (const tell of refused) tell();
  if (!response.ok) throw new ApiError(response.status, await problemOf(response));
  return response;
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    return (await response.json()) as Problem;
  } catch {
    return { title: response.statusText };
  }
}
