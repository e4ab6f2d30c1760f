import type { View } from '../../url/state';

export function ObjectPage({ view }: { view: View }) {
  return <main aria-label="Object">{view.page}</main>;
}
