import { briefly, signOf, type BlamedLine } from '../../manifest/lines';
import { textOfPlace, valueAt } from '../../manifest/path';
import { TimeLabel } from '../../parts';
import { sentenceIn } from '../../time/sentence';
import { useZone } from '../../url/prefs';
import { select, type ObjectData } from './useObject';
import { valueText } from './valueText';

const mostRows = 2000;

/** The blame as a table: a row for each field. */
export function BlameTable({ lines, manifest, data }: { lines: readonly BlamedLine[]; manifest: unknown; data: ObjectData }) {
  const zone = useZone();
  const leaves = lines.filter((line, i) => line.leaf && line.place[1] !== 'managedFields' && lines[i - 1]?.place !== line.place);
  return (
    <div className="object-scroll">
      <table className="object-table">
        <thead>
          <tr>
            <th>Field</th>
            <th>Value</th>
            <th>Who</th>
            <th>Since</th>
            <th>Known how</th>
            <th>Revision</th>
          </tr>
        </thead>
        <tbody>
          {leaves.slice(0, mostRows).map(({ place, author }) => {
            const path = textOfPlace(place);
            const entry = data.revisions.find((one) => one.revision?.resourceVersion === author?.field.resourceVersion);
            return (
              <tr key={path}>
                <td className="mono">{path}</td>
                <td className="mono object-table-value">{valueText(valueAt(manifest, place), 80)}</td>
                <td title={author?.who}>{author?.who ? (author.manager ? `${author.who} (manager)` : briefly(author.who)) : 'not known'}</td>
                <td>
                  {author?.knowledge === 'before' && 'before '}
                  <TimeLabel at={author?.at} clock precision="milli" />
                </td>
                <td title={author?.field.reason && sentenceIn(zone, author.field.reason)}>
                  <span aria-hidden>{signOf(author?.knowledge).sign}</span> {signOf(author?.knowledge).word}
                </td>
                <td>
                  {entry && data.ref ? (
                    <button type="button" className="object-table-open" onClick={() => data.ref && select(data.ref, entry)}>
                      {author?.field.resourceVersion}
                    </button>
                  ) : (
                    (author?.field.resourceVersion ?? '')
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {leaves.length > mostRows && <p className="object-foot">The first {mostRows} of {leaves.length} fields.</p>}
    </div>
  );
}
