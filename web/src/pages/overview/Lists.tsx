import { useMemo, useState, type ReactNode } from 'react';
import type { Activity, ErrorSource, Hit, SearchEnd } from '../../api/types';
import { useAnswer } from '../../api/useAnswer';
import type { Params } from '../../api/client';
import { Button, Icon, Link, nameOf, RefLabel, timelineOf } from '../../parts';
import { actorShort } from '../../text/actors';
import { counted, grouped } from '../../text/counts';
import { verbPast } from '../../text/verbs';
import type { View } from '../../url/state';
import { At } from './At';
import { Nothing, Panel } from './Panel';
import { errorFilter, failuresFilter, markView, peopleFilter, runView, searchView, warningsFilter } from './paths';
import type { Staged } from './useCalm';
import { shortChange } from './short';
import { foldPeople, foldWarnings, type PeopleFold, type WarningFold } from './folds';

/** The first lines of a list, and a button for the others. */
function Few<T>({ list, few, children }: { list: readonly T[]; few: number; children: (one: T, index: number) => ReactNode }) {
  const [all, setAll] = useState(false);
  return (
    <>
      <ul className="lines">{list.slice(0, all ? undefined : few).map(children)}</ul>
      {list.length > few && (
        <Button small look="quiet" icon={all ? 'up' : 'down'} onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show ${list.length - few} more`}
        </Button>
      )}
    </>
  );
}

/** What people changed, newest first; a line leads to the change on the timeline of its object, or to all that were made in one go. */
export function PeopleChanges({ view, activity, many }: { view: View; activity: Staged<Activity>; many: boolean }) {
  const folds = useMemo(() => foldPeople(activity.data?.people ?? []), [activity.data]);
  return (
    <Panel title="Changed by people" className="panel-people" answer={activity} more={<Link to={searchView(peopleFilter, view, { order: 'newest' })}>All in search</Link>}>
      {() =>
        folds.length > 0 ? (
          <Few list={folds} few={7}>
            {(fold) => <PersonLine key={`${fold.newest.mark.id}${fold.newest.object.uid ?? ''}`} fold={fold} view={view} many={many} />}
          </Few>
        ) : (
          <Nothing>No person changed anything in this window, by the requests that were audited.</Nothing>
        )
      }
    </Panel>
  );
}

function PersonLine({ fold, view, many }: { fold: PeopleFold; view: View; many: boolean }) {
  const { object, mark } = fold.newest;
  return (
    <li>
      <Link to={fold.count > 1 ? runView(fold, view) : markView(fold.newest, view)} className="line people-line" title={mark.text ?? ''}>
        <At at={mark.at} />
        <span className="people-who" title={mark.who}>
          {actorShort(mark.who)}
        </span>
        <span className="people-what">
          <span className="people-verb">{verbPast(mark.verb, mark.sub)}</span>
          <RefLabel object={object} cluster={many} />
          {fold.count > 1 ? <span className="people-others">and {grouped(fold.count - 1)} more</span> : mark.text && mark.text !== 'created' && <span className="line-summary mono">{shortChange(mark.text)}</span>}
        </span>
        {mark.failed && <span className="line-code">{mark.code}</span>}
      </Link>
    </li>
  );
}

/** The objects that changed most. */
export function BusyObjects({ view, activity, many }: { view: View; activity: Staged<Activity>; many: boolean }) {
  return (
    <Panel title="Changed most" answer={activity}>
      {({ objects }) => {
        const most = Math.max(1, ...(objects ?? []).map((object) => object.changes));
        return objects?.length ? (
          <Few list={objects} few={7}>
            {(object) => (
              <li key={`${object.cluster}/${object.uid ?? nameOf(object)}`}>
                <Link to={withoutSelection(timelineOf(object, view))} className="line busy-line" title={busyTitle(object)}>
                  <span className="bar" style={{ width: `${(100 * object.changes) / most}%` }} />
                  <RefLabel object={object} cluster={many} />
                  {object.failed ? <span className="busy-failed">{grouped(object.failed)} failed</span> : null}
                  <b>{grouped(object.changes)}</b>
                </Link>
              </li>
            )}
          </Few>
        ) : (
          <Nothing>Nothing changed in this window.</Nothing>
        );
      }}
    </Panel>
  );
}

function withoutSelection({ sel: _sel, ...view }: View): View {
  void _sel;
  return view;
}

function busyTitle(object: Activity['objects'][number]): string {
  const parts = [counted(object.changes, 'change')];
  if (object.failed) parts.push(counted(object.failed, 'failed request'));
  if (object.warning) parts.push(counted(object.warning, 'Warning'));
  return parts.join(', ');
}

/** Who fails how often at what. */
export function ErrorSources({ view, activity }: { view: View; activity: Staged<Activity> }) {
  return (
    <Panel title="Failed requests" answer={activity} more={<Link to={searchView(failuresFilter, view, { order: 'newest' })}>All in search</Link>}>
      {({ errors }) =>
        errors?.length ? (
          <Few list={errors} few={7}>
            {(error) => (
              <li key={errorKey(error)}>
                <Link to={searchView(errorFilter(error), view, { order: 'newest' })} className="line error-line" title={error.message ?? ''}>
                  <span className="line-code">{error.code}</span>
                  <span className="error-what">
                    <span>
                      {error.verb} {error.resource || 'a path that is no object'}
                      {error.reason && <span className="line-dim"> · {error.reason}</span>}
                    </span>
                    <span className="error-who" title={error.user}>
                      {actorShort(error.user)}
                    </span>
                  </span>
                  <span className="error-last">
                    <At at={error.last} />
                  </span>
                  <b>{grouped(error.count)}</b>
                </Link>
              </li>
            )}
          </Few>
        ) : (
          <Nothing>No request failed in this window, by those that were audited.</Nothing>
        )
      }
    </Panel>
  );
}

function errorKey(error: ErrorSource): string {
  return [error.cluster, error.user, error.verb, error.group, error.resource, error.code, error.reason].join('/');
}

/** How many Warnings are looked at to tell the most frequent. */
const lookedAt = 500;

/** Events of severity Warning, by reason; newest of each. */
export function Warnings({ view, narrow, version }: { view: View; narrow: Params; version: number }) {
  const found = useAnswer<{ hits: Hit[]; end: SearchEnd }>('search', { ...narrow, filter: warningsFilter, record: 'event', newest: true, limit: lookedAt }, version);
  const folds = useMemo(() => foldWarnings(found.data?.hits ?? []), [found.data]);
  return (
    <Panel title="Warnings" answer={found} more={<Link to={searchView(warningsFilter, view, { order: 'newest' })}>All in search</Link>}>
      {(data) =>
        folds.length > 0 ? (
          <>
            <Few list={folds} few={7}>
              {(fold) => <WarningLine key={fold.reason} fold={fold} view={view} />}
            </Few>
            {data.end.cut && <p className="panel-note">Of the newest {grouped(lookedAt)}.</p>}
          </>
        ) : (
          <Nothing>No Event of severity Warning in this window.</Nothing>
        )
      }
    </Panel>
  );
}

function WarningLine({ fold, view }: { fold: WarningFold; view: View }) {
  return (
    <li>
      <Link to={searchView(`${warningsFilter} && event.reason == ${JSON.stringify(fold.reason)}`, view, { order: 'newest' })} className="line warning-line" title={fold.note}>
        <Icon name="warn" size={14} />
        <span className="error-what">
          <span>
            {fold.reason} <span className="line-dim">{counted(fold.objects, 'object')}</span>
          </span>
          <span className="error-who">{fold.note}</span>
        </span>
        <span className="error-last">
          <At at={fold.last} />
        </span>
        <b>{grouped(fold.count)}</b>
      </Link>
    </li>
  );
}
