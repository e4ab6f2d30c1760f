import type { Coverage } from '../../api/types';
import { useAnswer } from '../../api/useAnswer';
import { reasonOf } from '../../charts/holes';
import { Empty, ErrorBox, Icon, kindPath, Skeleton, TimeLabel } from '../../parts';
import { counted } from '../../text/counts';
import { sentenceIn } from '../../time/sentence';
import { useZone } from '../../url/prefs';
import type { ObjectData } from './useObject';
import './CoverageTab.css';

/** What of the object could not be seen, and how to close each hole. */
export function CoverageTab({ data }: { data: ObjectData }) {
  const { ref } = data;
  const zone = useZone();
  const answer = useAnswer<Coverage>('coverage', ref && { cluster: ref.cluster, kind: kindPath(ref), namespace: ref.namespace, name: ref.name, uid: ref.uid }, data.version);
  const gaps = answer.data?.gaps ?? [];
  return (
    <div className="object-tab">
      {answer.error && <ErrorBox error={answer.error} retry={answer.retry} />}
      {!answer.data && !answer.error && <Skeleton lines={6} />}
      {answer.data && gaps.length === 0 && (
        <Empty title={answer.data.complete ? 'Everything about it was seen' : 'No hole is known'} icon={answer.data.complete ? 'check' : 'coverage'}>
          {answer.data.complete ? 'There is evidence for all of its recorded life.' : 'No record tells of a hole; but nothing proves either that everything was seen.'}
        </Empty>
      )}
      {gaps.length > 0 && (
        <div className="object-scroll">
          <p className="object-bar">{counted(gaps.length, 'hole')}</p>
          <ul className="object-gaps">
            {gaps.map((gap) => (
              <li key={`${gap.reason}-${gap.from ?? ''}-${gap.sentence}`}>
                <Icon name="gap" size={14} />
                <div>
                  <strong>{reasonOf(gap.reason).title}</strong>{' '}
                  <span className="object-dim">
                    {gap.from ? <TimeLabel at={gap.from} /> : 'from the beginning'} – {gap.to ? <TimeLabel at={gap.to} /> : 'still'}
                  </span>
                  <p>{sentenceIn(zone, gap.sentence)}</p>
                </div>
              </li>
            ))}
          </ul>
          {(answer.data?.cut ?? 0) > 0 && <p className="object-foot">and {answer.data?.cut} more</p>}
        </div>
      )}
    </div>
  );
}
