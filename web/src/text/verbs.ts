/** What was done, as people say it. */

const past: Record<string, string> = {
  create: 'created', update: 'updated', patch: 'patched', delete: 'deleted', deletecollection: 'deleted', get: 'read', list: 'listed',
  watch: 'watched', apply: 'applied', proxy: 'called', connect: 'connected to', bind: 'bound', escalate: 'escalated',
};

const bySubresource: Record<string, string> = {
  scale: 'scaled', exec: 'ran a command in', attach: 'attached to', portforward: 'forwarded a port of', log: 'read the log of',
  eviction: 'evicted', binding: 'bound', token: 'asked for a token of', ephemeralcontainers: 'debugged',
};

/** The past tense of a verb with its subresource: "patched", "scaled", "updated the status of". */
export function verbPast(verb: string | undefined, subresource?: string): string {
  const word = past[verb ?? ''] ?? (verb ? `did ${verb} on` : 'changed');
  if (!subresource) return word;
  const writes = verb === 'create' || verb === 'update' || verb === 'patch' || verb === 'apply';
  const special = bySubresource[subresource];
  if (special && (writes || subresource === 'log' || subresource === 'exec' || subresource === 'attach' || subresource === 'portforward')) return special;
  return `${word} the ${subresource} of`;
}

/** Whether a verb only looks. */
export function isRead(verb: string | undefined, subresource?: string): boolean {
  if (subresource === 'exec' || subresource === 'attach' || subresource === 'portforward') return false;
  return verb === 'get' || verb === 'list' || verb === 'watch';
}

const codes: Record<number, string> = {
  101: 'Switching Protocols', 200: 'OK', 201: 'Created', 202: 'Accepted', 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden',
  404: 'Not Found', 405: 'Method Not Allowed', 409: 'Conflict', 410: 'Gone', 415: 'Unsupported Media Type', 422: 'Invalid',
  429: 'Too Many Requests', 500: 'Internal Error', 503: 'Unavailable', 504: 'Timeout',
};

/** "409 Conflict". */
export function codeText(code: number | undefined): string {
  if (!code) return '';
  const word = codes[code];
  return word ? `${code} ${word}` : String(code);
}
