import { useState } from 'react';
import type { Failing, FailingObject } from '../../api/types';
import { Button, CutNote, Icon, Link, RefLabel, StateGlyph } from '../../parts';
import { actorShort } from '../../text/actors';
import { counted } from '../../text/counts';
import { verbPast } from '../../text/verbs';
import { formatSpan } from '../../time/format';
import type { Moment } from '../../time/moment';
import type { View } from '../../url/state';
import { At } from './At';
import { Nothing, Panel } from './Panel';
import { failingView, sameWindow } from './paths';
import { shortChange } from './short';
import type { Staged } from './useCalm';

const few = 5;

/** What failed or is stuck: each line leads to how it broke. */
export function FailingPanel({ view, failing, end, many }: { view: View; failing: Staged<Failing>; end: Moment; many: boolean }) {
  const [all, setAll] = useState(false);
  const objects = failing.data?.objects ?? [];
  const now = objects.filter((object) => !object.until && !object.over).length;
  return (
    <Panel
      title="Failing or stuck"
      className="panel-failing"
      answer={failing}
      count={failing.data && objects.length > 0 ? `${now > 0 ? `${now} still · ` : ''}${failing.data.cut ? `${objects.length} or more workloads` : counted(objects.length, 'workload')}` : undefined}
      more={<Link to={sameWindow('timeline', view, { sort: 'failing' })}>Failing first, as lanes</Link>}
    >
      {(data) => (
        <>
          {objects.length === 0 && <Nothing>No workload failed or was stuck in this window, by all that was recorded.</Nothing>}
          <ul className="failing-list">
            {objects.slice(0, all ? undefined : few).map((object) => (
              <FailingLine key={`${object.cluster}/${object.uid ?? object.name}/${object.since}`} object={object} view={view} end={end} many={many} />
            ))}
          </ul>
          {objects.length > few && (
            <Button small look="quiet" icon={all ? 'up' : 'down'} onClick={() => setAll(!all)}>
              {all ? 'Show fewer' : `Show ${objects.length - few} more`}
            </Button>
          )}
          <CutNote cut={data.cut} />
        </>
      )}
    </Panel>
  );
}

function FailingLine({ object, view, end, many }: { object: FailingObject; view: View; end: Moment; many: boolean }) {
  const { change } = object;
  const still = !object.until && !object.over;
  return (
    <li>
      <Link to={failingView(object, end, view)} className={still ? 'failing-line failing-still' : 'failing-line'}>
        <StateGlyph state="bad" />
        <span className="failing-what">
          <RefLabel object={object} cluster={many} />
          <span className="failing-text">{object.text}</span>
        </span>
        <span className="failing-when">
          <span>
            <At at={object.since} />
            <b>{still ? 'still' : `for ${formatSpan((object.until ?? end) - object.since)}`}</b>
          </span>
          <span className="failing-more">
            {object.certain ? <span>began by <At at={object.certain} /> at the latest</span> : null}
            {object.over ? 'deleted since' : !still && 'recovered'}
            {object.events ? <span className="failing-events">{counted(object.events, 'Warning')}</span> : null}
          </span>
        </span>
        {change && (
          <span className="failing-change">
            <Icon name="person" size={14} />
            <span>
              {change.who ? (
                <>
                  <b title={change.who}>{actorShort(change.who)}</b> {change.verb ? verbPast(change.verb, change.sub) : 'changed'} it{' '}
                </>
              ) : (
                'changed, by whom is not known, '
              )}
              {formatSpan(Math.max(0, object.since - change.at))} before
              {change.text && change.text !== 'created' && <span className="failing-summary mono" title={change.text}>
                  {shortChange(change.text)}
                </span>}
            </span>
          </span>
        )}
        <Icon name="right" size={14} className="failing-go" />
      </Link>
    </li>
  );
}
