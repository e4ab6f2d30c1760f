import { useMemo, useState } from 'react';
import type { Link as ObjectLinkage, Links, When } from '../../api/types';
import { useAnswer } from '../../api/useAnswer';
import { Button, CertaintyChip, CoverageNote, CutNote, Empty, ErrorBox, Icon, ObjectLink, Sentence, Skeleton, TimeLabel } from '../../parts';
import { parseMoment, type Moment } from '../../time/moment';
import type { View } from '../../url/state';
import { isOfEvent, relationWords } from './relations';
import type { ObjectData } from './useObject';
import './LinksTab.css';

const mostLinks = 500;

/** How the object was related to others at the cursor, or over all of its life. */
export function LinksTab({ view, data }: { view: View; data: ObjectData }) {
  const [life, setLife] = useState(false);
  const whole = useAnswer<Links>('links', life && data.object ? data.object : undefined, data.version);
  const answer = life ? whole : data.links;
  const groups = useMemo(() => groupsOf(answer.data?.links ?? [], data.ref?.uid), [answer.data, data.ref]);
  return (
    <div className={answer.stale ? 'object-tab object-tab-stale' : 'object-tab'}>
      <div className="object-bar">
        <span>
          {answer.data ? relationWords(answer.data.links) : ''} {life || data.newest ? 'by what is known last' : 'at the cursor'}
        </span>
        <span className="object-bar-end">
          {!data.newest && (
            <Button small look="quiet" on={life} onClick={() => setLife(!life)}>
              By what is known last
            </Button>
          )}
        </span>
      </div>
      {answer.error && <ErrorBox error={answer.error} retry={answer.retry} />}
      {!answer.data && !answer.error && <Skeleton lines={8} />}
      {answer.data?.pending && <p className="object-note"><Sentence text={answer.data.pending} /></p>}
      {answer.data?.unread?.map(({ field, reason }) => (
        <p key={field} className="object-note object-note-warn">
          <Icon name="warn" size={14} />
          <span><code>{field}</code> can not be read and makes no link: {reason}.</span>
        </p>
      ))}
      {answer.data && groups.length === 0 && <Empty title="No link is known at this time" icon="link" />}
      <div className="object-scroll object-links">
        {groups.map((group) => (
          <details key={group.title} open={!group.events}>
            <summary>
              {group.title} <span className="object-dim">{group.links.length}</span>
            </summary>
            <table className="object-table">
              <tbody>
                {group.links.slice(0, mostLinks).map((link) => (
                  <Row key={`${link.rule}-${link.parent.uid ?? link.parent.name}-${link.child.uid ?? link.child.name}-${link.since?.at ?? ''}`} link={link} out={group.out} view={view} at={life ? undefined : data.at} />
                ))}
              </tbody>
            </table>
            {group.links.length > mostLinks && (
              <p className="object-foot">
                The first {mostLinks} of {group.links.length}.
              </p>
            )}
          </details>
        ))}
        <CutNote cut={answer.data?.cut} noun="link" />
        <CoverageNote coverage={answer.data?.coverage} quiet />
      </div>
    </div>
  );
}

interface Group {
  title: string;
  /** The object asked for is the parent. */
  out: boolean;
  /** They have a tab of their own. */
  events: boolean;
  links: ObjectLinkage[];
}

/** Links by type and direction, Events last. */
function groupsOf(links: readonly ObjectLinkage[], uid: string | undefined): Group[] {
  const groups = new Map<string, Group>();
  for (const link of links) {
    const out = link.parent.uid === uid;
    const key = `${link.type} ${out}`;
    const group = groups.get(key) ?? { title: titleOf(link.type, out), out, events: isOfEvent(link), links: [] };
    group.links.push(link);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => Number(a.events) - Number(b.events));
}

const titles: Record<string, [string, string]> = {
  owns: ['Owns', 'Owned by'],
  selects: ['Selects', 'Selected by'],
  scales: ['Scales', 'Scaled by'],
  mounts: ['Mounts', 'Mounted by'],
  'runs-on': ['Runs', 'Runs on'],
  regards: ['Events that regard', 'Events about it'],
};

function titleOf(type: string, out: boolean): string {
  const known = titles[type];
  return known ? known[out ? 0 : 1] : `${type} (${out ? 'to' : 'from'})`;
}

function Row({ link, out, view, at }: { link: ObjectLinkage; out: boolean; view: View; at: Moment | undefined }) {
  const other = out ? link.child : link.parent;
  const ended = parseMoment(other.endedAt);
  const gone = other.ended && (at === undefined || (ended !== undefined && ended <= at));
  return (
    <tr>
      <td>
        <span className="object-links-end">
          <ObjectLink object={other} view={view} />
          <span className="object-dim">{[other.stub && 'named, never recorded', gone && 'gone', link.controller && 'controller'].filter(Boolean).join(', ')}</span>
        </span>
      </td>
      <td className="object-dim">
        <Since when={link.since} none="from the beginning" /> – <Since when={link.until} none="" />
        {!link.until && 'still'}
      </td>
      <td className="mono object-dim">{link.field}</td>
      <td>
        <CertaintyChip certainty={link.certainty} reason={link.reason} />
      </td>
    </tr>
  );
}

function Since({ when, none }: { when: When | undefined; none: string }) {
  return when?.at ? <TimeLabel at={when.at} clock precision="milli" /> : <>{none}</>;
}
