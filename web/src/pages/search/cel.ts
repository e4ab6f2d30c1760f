/** The shape of a CEL filter as far as the page needs it: words, and the conditions that are joined by &&. The server alone judges a filter. */

export type TokenKind = 'word' | 'string' | 'number' | 'operator' | 'open' | 'close' | 'space' | 'comment';

export interface Token {
  kind: TokenKind;
  from: number;
  to: number;
  text: string;
  /** A string that has no end yet. */
  unclosed?: boolean;
}

const rules: [TokenKind, RegExp][] = [
  ['space', /^\s+/],
  ['comment', /^\/\/[^\n]*/],
  ['string', /^[rRbB]{0,2}(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*(?:"|$|(?=\n))|'(?:\\.|[^'\\\n])*(?:'|$|(?=\n)))/],
  ['number', /^(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)u?/],
  ['word', /^[A-Za-z_]\w*/],
  ['open', /^[([{]/],
  ['close', /^[)\]}]/],
  ['operator', /^(?:&&|\|\||[=!<>]=|[-+*/%!<>?:.,=&|])/],
];

/** The words of a filter, spaces and what is no CEL included: they cover all of it. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const token = tokenAt(text, at);
    tokens.push(token);
    at = token.to;
  }
  return tokens;
}

function tokenAt(text: string, at: number): Token {
  const rest = text.slice(at);
  for (const [kind, pattern] of rules) {
    const match = pattern.exec(rest)?.[0];
    if (!match) continue;
    const to = at + match.length;
    const token: Token = { kind, from: at, to, text: match };
    if (kind === 'string' && !closed(match)) token.unclosed = true;
    return token;
  }
  return { kind: 'operator', from: at, to: at + 1, text: text.charAt(at) };
}

function closed(literal: string): boolean {
  const body = literal.replace(/^[rRbB]{0,2}/, '');
  const quote = body.startsWith('"""') || body.startsWith("'''") ? body.slice(0, 3) : body.charAt(0);
  return body.length >= 2 * quote.length && body.endsWith(quote) && !/(^|[^\\])(\\\\)*\\["']$/.test(body);
}

/** The conditions of a filter that all must hold; a filter that is joined by || or ? is one condition. */
export function conditionsOf(filter: string): string[] {
  const parts: string[] = [];
  let [depth, begin] = [0, 0];
  for (const token of tokensOf(filter)) {
    if (token.kind === 'open') depth++;
    if (token.kind === 'close') depth--;
    if (depth > 0 || token.kind !== 'operator') continue;
    if (token.text === '||' || token.text === '?') return filter.trim() ? [filter.trim()] : [];
    if (token.text !== '&&') continue;
    parts.push(filter.slice(begin, token.from));
    begin = token.to;
  }
  parts.push(filter.slice(begin));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** A condition that a click adds: a field, and what it is to be. */
export interface Term {
  field: string;
  is: '==' | '!=';
  value: string | number;
}

/** "request.user == \"alice\"". */
export function printTerm(term: Term): string {
  return `${term.field} ${term.is} ${typeof term.value === 'number' ? String(term.value) : quoted(term.value)}`;
}

/** A string as CEL writes it. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(/\u007f/g, '\\x7f');
}

/**
 * The filter narrowed by a term. One that says something else of the same field with == gives way, since both together match nothing; a filter
 * that is no chain of && is put in brackets.
 */
export function narrowed(filter: string, term: Term): string {
  const wanted = printTerm(term);
  const kept = conditionsOf(filter).filter((condition) => normal(condition) !== normal(wanted) && !gives(condition, term));
  const safe = kept.map((condition) => (kept.length === 1 && isChoice(condition) ? `(${condition})` : condition));
  return [...safe, wanted].join(' && ');
}

/** The filter without a condition. */
export function widened(filter: string, condition: string): string {
  return conditionsOf(filter)
    .filter((one) => normal(one) !== normal(condition))
    .join(' && ');
}

/** Whether the filter has this term already. */
export function hasTerm(filter: string, term: Term): boolean {
  const wanted = normal(printTerm(term));
  return conditionsOf(filter).some((condition) => normal(condition) === wanted);
}

/** Whether a condition must give way to a term: it says == of the same field, or the very opposite. */
function gives(condition: string, term: Term): boolean {
  const own = normal(condition);
  if (own === normal(printTerm({ ...term, is: term.is === '==' ? '!=' : '==' }))) return true;
  return term.is === '==' && own.startsWith(`${term.field} == `) && tokensOf(own.slice(term.field.length + 4)).length === 1;
}

/** Whether || or ? stands outside of all brackets. */
function isChoice(condition: string): boolean {
  let depth = 0;
  for (const token of tokensOf(condition)) {
    if (token.kind === 'open') depth++;
    if (token.kind === 'close') depth--;
    if (depth === 0 && (token.text === '||' || token.text === '?')) return true;
  }
  return false;
}

/** The condition with one space between its words, but none around dots and brackets, so that one thing is written in one way. */
function normal(condition: string): string {
  return tokensOf(condition)
    .filter((token) => token.kind !== 'space' && token.kind !== 'comment')
    .map((token) => (token.kind === 'string' ? sameQuotes(token.text) : /^(?:[=!<>]=|[<>?:+*/%-]|&&|\|\|)$/.test(token.text) ? ` ${token.text} ` : token.text))
    .join('');
}

function sameQuotes(literal: string): string {
  const match = /^'((?:[^'\\"])*)'$/.exec(literal);
  return match ? `"${match[1]}"` : literal;
}

/** What plain words, which are no CEL, most likely mean; undefined where the text looks like CEL. */
export function guessOf(text: string): string | undefined {
  const word = text.trim();
  if (!/^[\w*.:@/-]+$/.test(word) || /^(?:true|false|null)$/.test(word) || /^\d+$/.test(word)) return undefined;
  if (/[.:/-]$/.test(word) || /^(?:request|object|oldObject|event|gap|span)\b/.test(word)) return undefined;
  const bare = word.replaceAll('*', '');
  return bare ? `name.contains(${quoted(bare)})` : undefined;
}

/** Whether somebody is in the middle of writing: a filter that ends so can not be asked yet. */
export function isUnfinished(text: string): boolean {
  const words = tokensOf(text).filter((token) => token.kind !== 'space' && token.kind !== 'comment');
  const last = words.at(-1);
  if (!last) return false;
  const open = words.reduce((depth, token) => depth + (token.kind === 'open' ? 1 : token.kind === 'close' ? -1 : 0), 0);
  return open > 0 || last.kind === 'operator' || last.unclosed === true;
}
