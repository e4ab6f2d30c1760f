import { lazy, Suspense, type ComponentType } from 'react';
import { OverviewPage } from '../pages/overview/OverviewPage';
import type { Page, View } from '../url/state';
import { useView } from '../url/useView';

const pageOf: Record<Page, ComponentType<{ view: View }>> = {
  overview: OverviewPage,
  timeline: lazy(async () => ({ default: (await import('../pages/timeline/TimelinePage')).TimelinePage })),
  trace: lazy(async () => ({ default: (await import('../pages/trace/TracePage')).TracePage })),
  object: lazy(async () => ({ default: (await import('../pages/object/ObjectPage')).ObjectPage })),
  graph: lazy(async () => ({ default: (await import('../pages/graph/GraphPage')).GraphPage })),
  search: lazy(async () => ({ default: (await import('../pages/search/SearchPage')).SearchPage })),
  coverage: lazy(async () => ({ default: (await import('../pages/coverage/CoveragePage')).CoveragePage })),
};

export function App() {
  const view = useView();
  if (!view) return <main>There is no such page.</main>;
  const Shown = pageOf[view.page];
  return (
    <Suspense>
      <Shown view={view} />
    </Suspense>
  );
}
