import type { View } from '../../url/state';

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
