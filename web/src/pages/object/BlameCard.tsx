import { initials, signOf, type BlamedLine } from '../../manifest/lines';
import { textOfPlace } from '../../manifest/path';
import { Button, Chip, Copy, Icon, WhenLabel } from '../../parts';
import { actorShort, actorSort, agentShort } from '../../text/actors';
import { Whole } from '../../text/whole';
import { formatSpan } from '../../time/format';
import { sentenceIn } from '../../time/sentence';
import { useZone } from '../../url/prefs';
import { valueText } from './valueText';
import type { ObjectData } from './useObject';
import './BlameCard.css';

/** Who set a line of the manifest, with the evidence. */
export function BlameCard({ line, value, data, onJump }: { line: BlamedLine | undefined; value: unknown; data: ObjectData; onJump: () => void }) {
  const zone = useZone();
  if (!line) return null;
  const { author, leaf } = line;
  if (!author && !leaf) return <Where line={line} value={value} />;
  const field = author?.field;
  const { sign, word } = signOf(author?.knowledge);
  const entry = data.revisions.find((one) => one.revision?.resourceVersion === field?.resourceVersion);
  return (
    <div className="blame-card">
      <div className="blame-card-who">
        <span className="blame-card-initials" aria-hidden>
          {author?.who ? initials(author.who) : '?'}
        </span>
        <div>
          <strong>{author?.who ? (author.manager ? author.who : actorShort(author.who)) : author?.knowledge === 'before' ? 'Set before the recording' : 'Not known'}</strong>
          <div className="object-dim">
            {author?.manager ? 'a field manager; its user is not known' : author?.who ? `${actorSort(author.who)}${actorShort(author.who) === author.who ? '' : ` · ${author.who}`}` : ''}
          </div>
        </div>
        <Chip tone={author?.knowledge === 'exact' ? 'good' : 'warn'}>
          {sign} {word}
        </Chip>
      </div>
      <dl className="object-terms">
        {field && (
          <>
            <dt>{author?.knowledge === 'before' ? 'Stood at' : 'Since'}</dt>
            <dd>
              <WhenLabel when={field.since ?? field.before ?? {}} precision="milli" />
              {author?.at !== undefined && data.at !== undefined && data.at - author.at > 1000 && <span className="object-dim"> · {formatSpan(data.at - author.at)} before the cursor</span>}
            </dd>
            {(field.verb ?? field.manager) && (
              <>
                <dt>By</dt>
                <dd>
                  {[field.verb && `${field.verb}${field.subresource ? ` ${field.subresource}` : ''}`, field.manager && `manager ${field.manager}`, field.operation, agentShort(field.actor?.userAgent)].filter(Boolean).join(' · ')}
                </dd>
              </>
            )}
            {field.webhook && (
              <>
                <dt>Webhook</dt>
                <dd>{field.webhook} set this value</dd>
              </>
            )}
            <dt>Why</dt>
            <dd>{field.reason ? sentenceIn(zone, field.reason) : 'The server tells no reason.'}</dd>
          </>
        )}
        {!field && (
          <>
            <dt>Why</dt>
            <dd>Nothing that is recorded tells who set this.</dd>
          </>
        )}
      </dl>
      {entry?.summary && (
        <p className="blame-card-summary">
          <Icon name="timeline" size={14} /> {entry.summary}
        </p>
      )}
      <Where line={line} value={value} />
      {entry && (
        <Button small icon="open" onClick={onJump}>
          Go to revision {field?.resourceVersion}
        </Button>
      )}
    </div>
  );
}

function Where({ line, value }: { line: BlamedLine; value: unknown }) {
  const path = textOfPlace(line.place);
  return (
    <div className="blame-card-where">
      <code>{path}</code>
      <Copy value={path} label="the path" />
      {line.leaf && (
        <>
          <code className="blame-card-value">{valueText(value, 60)}</code>
          <Copy value={typeof value === 'string' ? value : value instanceof Whole ? value.digits : JSON.stringify(value)} label="the value" />
        </>
      )}
    </div>
  );
}
