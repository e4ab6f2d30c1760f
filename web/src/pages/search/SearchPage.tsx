import type { View } from '../../url/state';

export function SearchPage({ view }: { view: View }) {
  return <main aria-label="Search">{view.page}</main>;
}
