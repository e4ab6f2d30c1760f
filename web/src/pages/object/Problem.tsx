import type { ApiError } from '../../api/client';
import { ErrorBox, Icon, Link, Sentence, toPage } from '../../parts';
import { everything, type View } from '../../url/state';
import { candidateOf } from './candidate';
import './Problem.css';

/** There is no such object, or there are several: what one may have meant. */
export function Problem({ view, error, retry }: { view: View; error: ApiError; retry: () => void }) {
  const path = view.object;
  const candidates = (error.problem.candidates ?? []).flatMap((text) => candidateOf(view, text, error.message) ?? []);
  return (
    <main className="object-page object-problem" aria-label="Object">
      <h1>
        <span className="object-head-kind">{path?.kind}</span> {path?.namespace ? `${path.namespace}/` : ''}
        {path?.name}
      </h1>
      {candidates.length === 0 && <ErrorBox error={error} retry={retry} />}
      {candidates.length > 0 && (
        <>
          <p><Sentence text={error.message} /></p>
          <ul className="object-candidates">
            {candidates.map(({ text, to }) => (
              <li key={text}>
                <Link to={to}>{text}</Link>
              </li>
            ))}
          </ul>
        </>
      )}
      <p>
        <Link className="button" to={{ ...toPage('search', view), set: { ...everything, cluster: path?.cluster ?? '', kind: path?.kind ?? '', name: path?.name ?? '' } }}>
          <Icon name="search" size={14} /> Search for it
        </Link>
      </p>
    </main>
  );
}
