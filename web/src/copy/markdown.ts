/** A selection as Markdown, for an incident report: what, who, when (UTC), which object, what changed, how sure, and where to look. */
import type { Entry, Maker, OneEntry, Ref } from '../api/types';
import { formatMoment, formatSpan } from '../time/format';
import { milli, parseMoment } from '../time/moment';
import { agentShort } from '../text/actors';
import { diffText, linesOf } from './changes';
import { plain, tell } from './sentence';

const maxLines = 40;

/** One record. link: the address of the view that shows it. */
export function markdownOfEntry({ object, entry }: OneEntry, link: string): string {
  const maker = entry.revision?.maker ?? entry.end?.maker;
  const facts = [
    ['When', whenText(entry)],
    ['Who', whoText(entry)],
    ['Object', objectText(object, entry)],
    ['Request', requestText(entry)],
    ['Answer', entry.request?.message ?? ''],
    ['Said', entry.event ? `${entry.event.type} ${entry.event.reason}: ${entry.event.note}` : ''],
    ['Certainty', certaintyText(entry, maker)],
  ].filter(([, text]) => text);
  return [
    `### ${escaped(plain(tell(entry, object)))}`,
    '',
    ...facts.map(([name, text]) => `- **${name}:** ${escaped(text ?? '')}`),
    ...changesText(entry),
    '',
    `[Open in kubewake](${link})`,
    '',
  ].join('\n');
}

function whenText(entry: Entry): string {
  const at = parseMoment(entry.when.at);
  if (at === undefined) return 'not known';
  const [early, late] = [parseMoment(entry.when.notBefore), parseMoment(entry.when.notAfter)];
  const width = early !== undefined && late !== undefined ? late - early : 0;
  return `${formatMoment(at, 'utc', 'milli')} UTC${width >= milli ? ` (within ${formatSpan(width)})` : ''}`;
}

function whoText(entry: Entry): string {
  const { actor } = entry;
  if (!actor?.user) return '';
  const agent = agentShort(actor.userAgent);
  return [
    actor.user,
    actor.impersonator ? `impersonated by ${actor.impersonator}` : '',
    agent ? `with ${agent}` : '',
    actor.sourceIPs?.length ? `from ${actor.sourceIPs.join(', ')}` : '',
  ].filter(Boolean).join(', ');
}

function objectText(object: Ref, entry: Entry): string {
  const rv = entry.revision?.resourceVersion ?? entry.end?.resourceVersion;
  const name = [object.namespace, object.name].filter(Boolean).join('/');
  return [`${object.kind ?? object.resource ?? ''} ${name}`.trim(), `cluster ${object.cluster}`, object.uid ? `uid ${object.uid}` : '', rv ? `resourceVersion ${rv}` : ''].filter(Boolean).join(', ');
}

function requestText(entry: Entry): string {
  const request = entry.request ?? entry.revision?.maker.request ?? entry.end?.maker.request;
  if (!request) return '';
  const tail = [request.code ? String(request.code) : '', request.reason ?? '', formatSpan(request.latencyMs * milli)].filter(Boolean).join(', ');
  return `${request.verb} ${request.uri} (${tail}), audit ID ${request.auditID}`;
}

function certaintyText(entry: Entry, maker: Maker | undefined): string {
  const certainty = entry.certainty ?? maker?.certainty;
  if (!certainty) return '';
  const evidence = maker?.evidence.join(' ') ?? '';
  return evidence ? `${certainty}. ${evidence}` : certainty;
}

function changesText(entry: Entry): string[] {
  const { lines, noise } = linesOf(entry.revision?.changes);
  const shown = lines.length > 0 ? lines : noise;
  if (shown.length === 0) return [];
  const text = diffText(shown).split('\n');
  const cut = text.length > maxLines ? [`  … ${text.length - maxLines} more lines`] : [];
  const fence = fenceFor(text);
  return ['', `${fence}diff`, ...text.slice(0, maxLines), ...cut, fence];
}

/** A fence longer than any run of backticks inside. */
function fenceFor(lines: readonly string[]): string {
  const longest = Math.max(2, ...lines.map((line) => Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length))));
  return '`'.repeat(longest + 1);
}

/** Text whose signs mean nothing to Markdown. */
function escaped(text: string): string {
  return text.replace(/[\\`*_[\]<>|]/g, (sign) => `\\${sign}`).replaceAll('\n', ' ');
}
