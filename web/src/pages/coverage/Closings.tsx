import { useInfo } from '../../api/server';
import { resourceOf, stretchOf } from '../../charts/holes';
import type { Gap } from '../../api/types';
import { Copy, Link, Sentence, TimeLabel } from '../../parts';
import { counted } from '../../text/counts';
import { minute, second } from '../../time/moment';
import { everything, type View } from '../../url/state';
import { closingOf } from './closing';
import type { ReasonGroup } from './matrix';

/** How many gaps of a reason are told one by one. */
const few = 12;
const mostNames = 40;

/** What each kind of hole means, and how it is closed. */
export function Closings({ groups, view, open }: { groups: readonly ReasonGroup[]; view: View; open: string }) {
  return (
    <aside className="closings" aria-label="How to close it">
      <h2>How to close it</h2>
      {groups.length === 0 && <p className="closings-none">There is nothing to close.</p>}
      {groups.map((group, i) => (
        <details key={group.reason} open={open === group.reason || (!open && i === 0)}>
          <summary>
            <i className={`closings-mark closings-mark-${group.weight}`} aria-hidden />
            <span>{group.title}</span>
            <b>{group.resources.length > 0 ? counted(group.resources.length, 'resource') : group.count}</b>
          </summary>
          <ClosingOf group={group} view={view} />
        </details>
      ))}
    </aside>
  );
}

function ClosingOf({ group, view }: { group: ReasonGroup; view: View }) {
  const data = useInfo().data?.data ?? '';
  const cluster = group.gaps[0]?.scope.cluster ?? view.set.cluster;
  const closing = closingOf(group.reason, group.gaps, { data: data.startsWith('http') ? '' : data, server: location.origin, cluster });
  return (
    <div className="closing">
      <p>{closing.means}</p>
      {closing.steps.map((step, i) => (
        <div key={i} className="closing-step">
          {step.text && <p>{step.text}</p>}
          {step.into && <span className="closing-into">{step.into}</span>}
          {step.code && (
            <div>
              <pre tabIndex={0}>{step.code}</pre>
              <Copy value={step.code} label={step.into ?? 'command'} />
            </div>
          )}
        </div>
      ))}
      <Gaps group={group} view={view} />
    </div>
  );
}

/** The gaps themselves, with their sentences and the timeline about each; resources of which the same is said are only named. */
function Gaps({ group, view }: { group: ReasonGroup; view: View }) {
  const timed = group.gaps.filter((gap) => gap.from !== undefined || gap.to !== undefined || !gap.scope.resource);
  const named = group.gaps.filter((gap) => !timed.includes(gap)).map(resourceOf);
  return (
    <>
      {named.length > 0 && (
        <p className="closing-names">
          {named.slice(0, mostNames).join(', ')}
          {named.length > mostNames && ` and ${named.length - mostNames} more, in the table`}
        </p>
      )}
      <ul className="closing-gaps">
        {timed.slice(0, few).map((gap, i) => (
          <li key={i}>
            <span><Sentence text={gap.sentence} /></span>
            <GapTime gap={gap} view={view} />
          </li>
        ))}
        {timed.length > few && <li className="closing-more">and {timed.length - few} more, in the table</li>}
      </ul>
    </>
  );
}

function GapTime({ gap, view }: { gap: Gap; view: View }) {
  const { from, to } = stretchOf(gap);
  if (from === undefined && to === undefined) return null;
  const [begin, end] = [from ?? (to ?? 0) - minute, to ?? (from ?? 0) + minute];
  const room = Math.max(second, Math.round((end - begin) * 0.2));
  const lanes: View = {
    page: 'timeline',
    set: { ...everything, cluster: gap.scope.cluster || view.set.cluster, kind: resourceOf(gap), namespace: gap.scope.namespace ?? '' },
    from: begin - room,
    to: end + room,
    at: from ?? end,
    words: {},
  };
  return (
    <Link to={lanes} className="closing-time" title="This window on the timeline">
      {from === undefined ? 'until' : <TimeLabel at={from} />} {to === undefined ? 'on' : <>– <TimeLabel at={to} /></>}
    </Link>
  );
}
