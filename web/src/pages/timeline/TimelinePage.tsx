import type { View } from '../../url/state';

export function TimelinePage({ view }: { view: View }) {
  return <main aria-label="Timeline">{view.page}</main>;
}
