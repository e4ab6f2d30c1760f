import type { Hit } from '../../api/types';
import { Copy, ObjectLink, Sentence, WhenLabel } from '../../parts';
import type { View } from '../../url/state';

/** A record that belongs to no object that is known by its UID: what the search itself tells of it. */
export function HitDetail({ hit, view }: { hit: Hit; view: View }) {
  const { request, event, gap } = hit;
  const lines: [string, string | undefined][] = [
    ['User', request?.actor.user],
    ['Impersonated by', request?.actor.impersonator],
    ['Groups', request?.actor.groups?.join(', ')],
    ['Program', request?.actor.userAgent],
    ['From', request?.actor.sourceIPs?.join(', ')],
    ['Request', request && `${request.verb} ${request.uri}`],
    ['Answer', request?.code ? [request.code, request.reason, request.message].filter(Boolean).join(' · ') : undefined],
    ['Took', request && `${request.latencyMs} ms`],
    ['Level', request && `${request.level}, ${request.stage}`],
    ['Reported by', event?.source],
    ['Reason', event?.reason ?? gap?.reason],
    ['Note', event?.note],
    ['Audit ID', request?.auditID],
  ];
  return (
    <section className="hit-detail" aria-label="Selected record">
      <h2>
        <ObjectLink object={hit.object} view={view} />
      </h2>
      <p>
        <WhenLabel when={hit.when} precision="milli" />
      </p>
      <p className="hit-detail-summary">{gap ? <Sentence text={gap.sentence} /> : hit.summary}</p>
      <dl>
        {lines.map(
          ([name, value]) =>
            value && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>
                  <span>{value}</span>
                  <Copy value={value} label={name} />
                </dd>
              </div>
            ),
        )}
      </dl>
      {request?.sent !== undefined && (
        <>
          <h3>What was sent</h3>
          <pre className="mono">{JSON.stringify(request.sent, null, 2)}</pre>
        </>
      )}
    </section>
  );
}
