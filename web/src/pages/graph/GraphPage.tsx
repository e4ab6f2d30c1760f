import type { View } from '../../url/state';

export function GraphPage({ view }: { view: View }) {
  return <main aria-label="Graph">{view.page}</main>;
}
