import { useId, useState } from 'react';
import type { Refusals, Refused } from '../../api/drawn';
import { Button, CutNote, Icon, Link, TimeLabel } from '../../parts';
import { grouped } from '../../text/counts';
import type { Window } from '../../time/moment';
import type { View } from '../../url/state';
import { detailWords, refusedIn, refusedKey, refusedView, whatWord } from './refused';

/** How many are told in the line itself. */
const few = 3;

/** Says what was asked for in the window and never made: it has no lane. Where that was at other times alone it says so, so that nothing moves while one zooms. */
export function RefusedLine({ view, refusals, window }: { view: View; refusals: Refusals | undefined; window: Window | undefined }) {
  const [open, setOpen] = useState(false);
  const list = useId();
  const names = refusedIn(refusals, window);
  const total = refusals?.names?.length ?? 0;
  if (total === 0) return null;
  const many = names.length > few;
  return (
    <section className="timeline-refused" aria-label="Asked for and never made">
      <div className="timeline-refused-line">
        <Icon name="warn" size={14} />
        <span>Asked for and never made:</span>
        {names.length === 0 && <span>none in this window, {grouped(total)} at other times</span>}
        {!open && names.length > 0 && (
          <ul>
            {names.slice(0, few).map((one) => (
              <li key={refusedKey(one)}>
                <Name one={one} view={view} /> <span>({detailWords(one)})</span>
              </li>
            ))}
          </ul>
        )}
        {names.length > 0 && (
          <Button small look="quiet" icon={open ? 'up' : 'down'} aria-expanded={open} aria-controls={list} onClick={() => setOpen(!open)}>
            {open ? 'Close' : many ? `all ${grouped(names.length)}` : 'why'}
          </Button>
        )}
      </div>
      <div id={list} hidden={!open}>
        {open && <Whole names={names} view={view} />}
        {open && <CutNote cut={refusals?.cut} />}
      </div>
    </section>
  );
}

function Name({ one, view }: { one: Refused; view: View }) {
  return (
    <Link to={refusedView(one, view)} title={one.message ?? ''}>
      {whatWord(one)}
    </Link>
  );
}

function Whole({ names, view }: { names: readonly Refused[]; view: View }) {
  return (
    <ul className="timeline-refused-list">
      {names.map((one) => (
        <li key={refusedKey(one)}>
          <Name one={one} view={view} /> <span>{detailWords(one)}, last at </span>
          <TimeLabel at={one.last} />
          {one.message && <span className="timeline-refused-message">{one.message}</span>}
        </li>
      ))}
    </ul>
  );
}
