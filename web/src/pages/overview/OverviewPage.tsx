import type { View } from '../../url/state';

export function OverviewPage({ view }: { view: View }) {
  return <main aria-label="Overview">{view.page}</main>;
}
