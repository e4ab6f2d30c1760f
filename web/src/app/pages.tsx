import { lazy, type ComponentType } from 'react';
import { Skeleton } from '../parts';
import type { Page, View } from '../url/state';
import { pageNames } from './palette/items';

/** Each page's code is loaded when it is first shown. */
export const pageOf: Record<Page, ComponentType<{ view: View }>> = {
  overview: lazy(async () => ({ default: (await import('../pages/overview/OverviewPage')).OverviewPage })),
  timeline: lazy(async () => ({ default: (await import('../pages/timeline/TimelinePage')).TimelinePage })),
  trace: lazy(async () => ({ default: (await import('../pages/trace/TracePage')).TracePage })),
  object: lazy(async () => ({ default: (await import('../pages/object/ObjectPage')).ObjectPage })),
  graph: lazy(async () => ({ default: (await import('../pages/graph/GraphPage')).GraphPage })),
  search: lazy(async () => ({ default: (await import('../pages/search/SearchPage')).SearchPage })),
  coverage: lazy(async () => ({ default: (await import('../pages/coverage/CoveragePage')).CoveragePage })),
};

/** What stands there while a page's code is loaded. */
export function PageSkeleton({ page }: { page: Page }) {
  return (
    <main className="page-skeleton" aria-label={pageNames[page]} aria-busy>
      <Skeleton lines={1} height={20} label={`Loading ${pageNames[page]}`} />
      <Skeleton lines={6} />
    </main>
  );
}
