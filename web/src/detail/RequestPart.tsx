import { useState } from 'react';
import type { Request } from '../api/types';
import { printValue } from '../copy';
import { Chip, Copy, TimeLabel } from '../parts';
import { formatSpan } from '../time/format';
import { milli } from '../time/moment';
import { codeText } from '../text/verbs';
import { Fact, Facts, Section } from './Section';

/** The call to the apiserver. */
export function RequestPart({ request }: { request: Request }) {
  const failed = (request.code ?? 0) >= 400;
  const { [decision]: decided, [because]: reason, ...others } = request.annotations ?? {};
  const annotations = Object.entries(others);
  return (
    <Section title="Request">
      <p className="detail-uri mono">
        <strong>{request.verb}</strong> <Uri text={request.uri} />
      </p>
      <Facts>
        <Fact name="Answer">
          <Chip tone={failed ? 'bad' : 'good'}>{codeText(request.code) || request.stage}</Chip>
          {request.dryRun && <Chip tone="warn">dry run</Chip>} <span title="from the request's arrival to its last stage">after {formatSpan(request.latencyMs * milli)}</span>
        </Fact>
        <Fact name="Reason">{failed && request.reason}</Fact>
        <Fact name="Message">{request.message}</Fact>
        {request.causes && request.causes.length > 0 && (
          <Fact name="Causes">
            <ul className="detail-list">
              {request.causes.map((cause) => (
                <li key={`${cause.field}-${cause.message}`}>
                  {cause.field && <code>{cause.field}</code>} {cause.message ?? cause.reason}
                </li>
              ))}
            </ul>
          </Fact>
        )}
        <Fact name="Received"><TimeLabel at={request.receivedAt} precision="micro" /></Fact>
        <Fact name="Audit ID" mono>{request.auditID}</Fact>
        <Fact name="Level">{request.level}</Fact>
        <Fact name={decided === 'forbid' ? 'Forbidden' : 'Allowed by'}>{(reason || decided)?.replace(/^RBAC: allowed by /, '')}</Fact>
        {annotations.map(([name, value]) => (
          <Fact key={name} name={name.split('/').at(-1) ?? name}>
            <span title={name}>{value}</span>
          </Fact>
        ))}
        <Fact name="Notes">{request.notes?.join(' ')}</Fact>
      </Facts>
      {request.sent !== undefined && request.sent !== null && !isEmpty(request.sent) && <Sent request={request} />}
    </Section>
  );
}

const decision = 'authorization.k8s.io/decision';
const because = 'authorization.k8s.io/reason';

/** A URI that breaks between its parts. */
function Uri({ text }: { text: string }) {
  return text.split(/(?<=[/?&,])/).flatMap((part, i) => [<wbr key={`${i}-break`} />, part]);
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

const kinds: Record<string, string> = {
  object: 'the object that was sent', patch: 'the patch that was sent', delta: 'what admission and defaults changed', options: 'the options that were sent',
};

function Sent({ request }: { request: Request }) {
  const [open, setOpen] = useState(false);
  const what = kinds[request.sentKind ?? ''] ?? 'what was sent';
  const text = open ? printValue(request.sent) : '';
  return (
    <>
      <button type="button" className="detail-more" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? 'Fold' : 'Show'} {what}
      </button>
      {open && (
        <div className="detail-sent">
          <pre>{text}</pre>
          <Copy value={text} label={what} />
        </div>
      )}
    </>
  );
}
