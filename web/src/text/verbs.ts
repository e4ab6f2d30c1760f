/** What was done, as people say it. */

type Forms = readonly [plain: string, past: string];

const verbs: Record<string, Forms> = {
  create: ['create', 'created'], update: ['update', 'updated'], patch: ['patch', 'patched'], delete: ['delete', 'deleted'],
  deletecollection: ['delete', 'deleted'], get: ['read', 'read'], list: ['list', 'listed'], watch: ['watch', 'watched'], apply: ['apply', 'applied'],
  proxy: ['call', 'called'], connect: ['connect to', 'connected to'],
};

const bySubresource: Record<string, Forms> = {
  scale: ['scale', 'scaled'], exec: ['run a command in', 'ran a command in'], attach: ['attach to', 'attached to'],
  portforward: ['forward a port of', 'forwarded a port of'], log: ['read the log of', 'read the log of'], eviction: ['evict', 'evicted'],
  binding: ['bind', 'bound'], token: ['get a token of', 'got a token of'], ephemeralcontainers: ['debug', 'debugged'], resize: ['resize', 'resized'],
};

/** These are asked for with get as well. */
const sessions = new Set(['exec', 'attach', 'portforward', 'log']);

/** The past tense of a verb with its subresource: "patched", "scaled", "updated the status of". */
export function verbPast(verb: string | undefined, subresource?: string): string {
  return form(verb, subresource, 1);
}

/** What was tried: "tried to update the status of". */
export function verbTried(verb: string | undefined, subresource?: string): string {
  return `tried to ${form(verb, subresource, 0)}`;
}

function form(verb: string | undefined, subresource: string | undefined, which: 0 | 1): string {
  const writes = verb === 'create' || verb === 'update' || verb === 'patch' || verb === 'apply';
  const special = subresource && (writes || sessions.has(subresource)) ? bySubresource[subresource] : undefined;
  if (special) return special[which];
  const word = verbs[verb ?? '']?.[which] ?? (which === 0 ? verb || 'change' : verb ? `did ${verb} on` : 'changed');
  return subresource ? `${word} the ${subresource} of` : word;
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
