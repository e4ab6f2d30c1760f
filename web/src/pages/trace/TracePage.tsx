import type { View } from '../../url/state';

export function TracePage({ view }: { view: View }) {
  return <main aria-label="Trace">{view.page}</main>;
}
