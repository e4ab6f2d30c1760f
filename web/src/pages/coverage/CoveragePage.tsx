import type { View } from '../../url/state';

export function CoveragePage({ view }: { view: View }) {
  return <main aria-label="Coverage">{view.page}</main>;
}
