import type { ApiError } from '../../api/client';
import { ErrorBox, Icon, Link, toPage } from '../../parts';
import { everything, type View } from '../../url/state';

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
          <p>{error.message}</p>
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

/** What a candidate of the server leads to: "deployments.apps/web -n shop", "cluster eu", "shop/web". */
export function candidateOf(view: View, text: string, message = ''): { text: string; to: View } | undefined {
  const { object } = view;
  if (!object) return undefined;
  const uid = /uid[ :]+([0-9a-f]{8}-[0-9a-f-]{27})/.exec(text)?.[1];
  const named = /^([\w.-]+)\/([\w.:-]+)(?: -n ([\w.-]+))?/.exec(text);
  if (named?.[1] && named[2]) {
    return { text, to: { ...view, object: { ...object, kind: named[1], name: named[2], namespace: named[3] ?? '', uid: uid ?? '' }, words: {} } };
  }
  if (/^cluster /.test(message) && /^[\w./:@-]+$/.test(text)) return { text, to: { ...view, object: { ...object, cluster: text } } };
  if (/^no kind /.test(message) && /^[\w.-]+$/.test(text)) return { text, to: { ...view, object: { ...object, kind: text } } };
  return uid ? { text, to: { ...view, object: { ...object, uid }, words: {} } } : undefined;
}
