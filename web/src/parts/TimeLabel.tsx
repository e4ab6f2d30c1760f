import { useContext } from 'react';
import type { When } from '../api/types';
import { formatClock, formatMoment, formatRelative, formatSpan, zoneName, type Precision } from '../time/format';
import { milli, parseMoment, printMoment, type Moment } from '../time/moment';
import { useZone } from '../url/prefs';
import { Dated } from './dated';
import './TimeLabel.css';
import { useNow } from './useNow';

export interface TimeLabelProps {
  at: Moment | string | undefined;
  /** "3 min ago" instead of the time itself; the other one is told on hover. */
  relative?: boolean;
  /** Only the time of day, but where what is shown spans days (Dated). */
  clock?: boolean;
  precision?: Precision;
}

/** A moment, in the person's zone; hovering tells it in both zones and how long ago it is. */
export function TimeLabel({ at, relative, clock, precision = 'second' }: TimeLabelProps) {
  const zone = useZone();
  const now = useNow();
  const dated = useContext(Dated);
  const moment = typeof at === 'string' ? parseMoment(at) : at;
  if (moment === undefined || moment === 0) return <span className="time-label time-label-none">unknown</span>;
  const text = relative ? formatRelative(moment, now) : clock && !dated ? formatClock(moment, zone, precision) : formatMoment(moment, zone, precision);
  const exact = [...new Set([zone, 'utc'] as const)].map((z) => `${formatMoment(moment, z, 'micro')} ${zoneName(z, moment)}`);
  return (
    <time className="time-label" dateTime={printMoment(moment)} title={[...exact, formatRelative(moment, now)].join('\n')}>
      {text}
    </time>
  );
}

/** When something happened, with the interval it lies in where that is wider than a millisecond. */
export function WhenLabel({ when, ...how }: { when: When } & Omit<TimeLabelProps, 'at'>) {
  const [early, late] = [parseMoment(when.notBefore), parseMoment(when.notAfter)];
  const width = early !== undefined && late !== undefined ? late - early : 0;
  return (
    <span className="when-label">
      <TimeLabel at={when.at} {...how} />
      {width > milli && (
        <span className="when-label-width" title={`Not before ${when.notBefore}, not after ${when.notAfter}`}>
          within {formatSpan(width)}
        </span>
      )}
      {when.at !== undefined && (early === undefined) !== (late === undefined) && early === undefined && late !== undefined && (
        <span className="when-label-width" title="Nothing tells since when">at the latest</span>
      )}
    </span>
  );
}
