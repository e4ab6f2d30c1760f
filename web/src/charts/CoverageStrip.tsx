import { useState } from 'react';
import type { Moment, Window } from '../time/moment';
import { sentenceIn } from '../time/sentence';
import { useZone } from '../url/prefs';
import type { Hole } from './holes';
import { barOf, within } from './stretches';
import { Tip } from './Tip';
import { useWidth } from './useWidth';
import './charts.css';

/** A thin bar of time: what is recorded is filled, holes are hatched, what lies outside of the recording is empty. */
export function CoverageStrip({ window, recorded, holes, label, tall }: {
  window: Window;
  recorded: Window | undefined;
  holes: readonly Hole[];
  label: string;
  tall?: boolean;
}) {
  const [host, width] = useWidth<HTMLDivElement>();
  const zone = useZone();
  const [at, setAt] = useState<{ x: number; moment: Moment }>();
  const filled = recorded && within(recorded, window);
  const box = (part: Window, least?: number) => {
    const bar = barOf(part, window, width, least);
    return { left: bar.x, width: bar.width };
  };
  const margin = width > 0 ? (4 * (window.to - window.from)) / width : 0;
  const touched = at ? holes.filter((hole) => hole.from - margin <= at.moment && at.moment <= hole.to + margin) : [];
  return (
    <div
      ref={host}
      className={tall ? 'coverage-strip coverage-strip-tall' : 'coverage-strip'}
      role="img"
      aria-label={label}
      onPointerMove={(event) => {
        const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
        setAt({ x, moment: window.from + (x / Math.max(1, width)) * (window.to - window.from) });
      }}
      onPointerLeave={() => setAt(undefined)}
    >
      {width > 0 && filled && <i className="coverage-strip-recorded" style={box(filled)} />}
      {width > 0 && holes.map((hole, i) => <i key={i} className={`coverage-strip-${hole.weight}`} style={box(hole, 4)} />)}
      {at && touched.length > 0 && (
        <Tip x={at.x} y={tall ? 22 : 16} width={width}>
          {touched.slice(0, 3).map((hole, i) => (
            <p key={i} className="chart-tip-hole">
              <b>{hole.title}.</b> {sentenceIn(zone, hole.gap.sentence)}
            </p>
          ))}
          {touched.length > 3 && <p className="chart-tip-hole">and {touched.length - 3} more</p>}
        </Tip>
      )}
    </div>
  );
}
