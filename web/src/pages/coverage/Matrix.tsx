import { memo } from 'react';
import { CoverageStrip } from '../../charts/CoverageStrip';
import { useWidth } from '../../charts/useWidth';
import { Icon, Link, Segments } from '../../parts';
import { counted } from '../../text/counts';
import type { Window } from '../../time/moment';
import { rulerOf } from '../../time/ruler';
import { scaleOf, xOf } from '../../time/scale';
import { sentenceIn } from '../../time/sentence';
import { useZone } from '../../url/prefs';
import { everything, type View } from '../../url/state';
import { go } from '../../url/useView';
import { holesOfRow, type Row } from './matrix';

/** Resources by time: a strip each. */
export function Matrix({ rows, all, window, recorded, view }: {
  rows: readonly Row[];
  all: readonly Row[];
  window: Window;
  /** What is recorded of each cluster. */
  recorded: ReadonlyMap<string, Partial<Window>>;
  view: View;
}) {
  const total = all.filter((row) => row.resource !== '').length;
  const shown = rows.filter((row) => row.resource !== '').length;
  return (
    <section className="matrix" aria-label="Resources by time">
      <header>
        <input
          type="search"
          placeholder="Filter resources"
          aria-label="Filter resources"
          value={view.words['q'] ?? ''}
          spellCheck={false}
          onChange={(event) => go({ words: { q: event.target.value } }, { replace: true })}
        />
        <Segments
          small
          label="Which resources"
          value={view.words['holes'] === 'all' ? 'all' : ''}
          options={[
            { value: '', label: 'With holes' },
            { value: 'all', label: 'All' },
          ]}
          onChange={(holes) => go({ words: { holes } }, { replace: true })}
        />
        <span className="matrix-count">
          {shown === total ? counted(total, 'resource') : `${shown} of ${counted(total, 'resource')}`}
        </span>
        <Legend />
      </header>
      <div className="matrix-table" role="table" aria-label="Coverage by resource">
        <div className="matrix-row matrix-head" role="row">
          <span role="columnheader">Resource</span>
          <span role="columnheader">Watch</span>
          <span role="columnheader">Audit</span>
          <span role="columnheader">
            <span className="visually-hidden">Time</span>
            <Axis window={window} />
          </span>
        </div>
        {rows.map((row) => (
          <MatrixRow key={`${row.cluster}/${row.resource}`} row={row} cluster={all.find((one) => one.cluster === row.cluster && one.resource === '')} window={window} recorded={recorded.get(row.cluster)} />
        ))}
        {shown === 0 && total > 0 && <p className="matrix-none">{(view.words['q'] ?? '') || view.words['reason'] ? 'No resource matches.' : 'No resource has a hole of its own.'}</p>}
        {total === 0 && <p className="matrix-none">Nothing was audited or watched in this window.</p>}
      </div>
    </section>
  );
}

const MatrixRow = memo(function MatrixRow({ row, cluster, window, recorded }: { row: Row; cluster: Row | undefined; window: Window; recorded: Partial<Window> | undefined }) {
  const head = row.resource === '';
  const zone = useZone();
  const { seen } = row;
  const holes = holesOfRow(row, cluster, window);
  const filled = recorded?.from !== undefined && recorded.to !== undefined ? { from: recorded.from, to: recorded.to } : undefined;
  const own = row.gaps.map((gap) => sentenceIn(zone, gap.sentence)).join(' ');
  const lanes: View = { page: 'timeline', set: { ...everything, cluster: row.cluster, kind: row.resource }, ...window, words: {} };
  return (
    <div className={head ? 'matrix-row matrix-cluster' : 'matrix-row'} role="row">
      <span role="rowheader" className="matrix-name">
        {head ? (
          <>
            <Icon name="graph" size={14} />
            {row.cluster}
          </>
        ) : (
          <Link to={lanes} title={`${row.resource} as lanes over this window`}>
            <Resource name={row.resource} />
          </Link>
        )}
      </span>
      <span role="cell" className="matrix-yes">
        {!head && seen && (seen.watched ? <Icon name="check" size={14} label="watched" /> : <span title="Not watched">–</span>)}
      </span>
      <span role="cell" className="matrix-levels" title={seen?.levels?.join(', ')}>
        {!head && seen && (seen.audited ? (seen.levels?.join(', ') ?? 'yes') : <span title="No audited write in this window">–</span>)}
      </span>
      <span role="cell">
        <CoverageStrip tall window={window} recorded={filled} holes={holes} label={own || (seen ? 'No hole is known.' : 'No hole of the whole cluster is known.')} />
      </span>
    </div>
  );
});

/** "deployments.apps" with the group in less ink. */
function Resource({ name }: { name: string }) {
  const dot = name.indexOf('.');
  if (dot < 0) return <>{name}</>;
  return (
    <>
      {name.slice(0, dot)}
      <span className="matrix-group">{name.slice(dot)}</span>
    </>
  );
}

function Axis({ window }: { window: Window }) {
  const zone = useZone();
  const [host, width] = useWidth<HTMLDivElement>();
  const scale = scaleOf(window, width);
  return (
    <div ref={host} className="matrix-axis" aria-hidden>
      {width > 0 &&
        rulerOf(scale, zone, 96).ticks.map((tick) => {
          const x = xOf(scale, tick.at);
          return (
            x >= 20 &&
            x <= width - 20 && (
              <i key={tick.at} style={{ left: x }}>
                {tick.label}
              </i>
            )
          );
        })}
    </div>
  );
}

function Legend() {
  return (
    <span className="matrix-legend" aria-hidden>
      <span>
        <i className="coverage-strip-recorded" /> no hole known
      </span>
      <span>
        <i className="matrix-legend-thin" /> less is known
      </span>
      <span>
        <i className="matrix-legend-hole" /> not seen
      </span>
    </span>
  );
}
