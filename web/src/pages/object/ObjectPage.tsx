import './object.css'; // what the parts share comes before their own
import { Dated, Tabs } from '../../parts';
import { sameDay } from '../../time/format';
import { useKeys } from '../../url/keys';
import { useZone } from '../../url/prefs';
import type { View } from '../../url/state';
import { go } from '../../url/useView';
import { CoverageTab } from './CoverageTab';
import { DiffTab } from './DiffTab';
import { EventsTab } from './EventsTab';
import { Head } from './Head';
import { countsOf, requestOf, spoken } from './history';
import { HistoryList } from './HistoryList';
import { LinksTab } from './LinksTab';
import { ManifestTab } from './ManifestTab';
import './ObjectPage.css';
import { Problem } from './Problem';
import { relationsOf } from './relations';
import { RequestsTab } from './RequestsTab';
import { StripView } from './StripView';
import { stepRevision, useObject, type ObjectData } from './useObject';
import { tabOf, tabs, type TabName } from './words';

/** One object: its life, what happened to it, and its state at the cursor. The words of its URL: see words.ts. */
export function ObjectPage({ view }: { view: View }) {
  const tab = tabOf(view);
  const data = useObject(view, tab === 'manifest' && view.words['blame'] !== 'off');
  const zone = useZone();
  useKeys(
    {
      'ArrowLeft|k': { does: 'Revision before', run: () => stepRevision(data, -1) },
      'ArrowRight|j': { does: 'Next revision', run: () => stepRevision(data, 1) },
      Home: { does: 'First revision', run: () => stepRevision(data, 'first') },
      End: { does: 'Last revision', run: () => stepRevision(data, 'last') },
      ...Object.fromEntries(tabs.map((name, i) => [String(i + 1), { does: `Show ${name}`, run: () => openTab(name) }])),
    },
    'Object',
  );
  const { error } = data.history;
  if (error && !data.history.data) return <Problem view={view} error={error} retry={data.history.retry} />;
  return (
    <Dated.Provider value={data.window !== undefined && !sameDay(data.window.from, data.window.to, zone)}>
      <main className="object-page" aria-label="Object">
        <Head view={view} data={data} />
        <StripView data={data} />
        <p className="visually-hidden" role="status">
          {spoken(data, zone)}
        </p>
        <div className="object-halves">
          <HistoryList view={view} data={data} />
          <section className="object-main">
            <Tabs id="object-tab" label="About the object" tabs={tabsOf(data)} value={tab} onChange={openTab} />
            <h2 className="visually-hidden">{tab}</h2>
            <div className="object-panel" role="tabpanel" aria-labelledby={`object-tab-${tab}`}>
              <Shown tab={tab} view={view} data={data} />
            </div>
          </section>
        </div>
      </main>
    </Dated.Provider>
  );
}

function openTab(tab: TabName): void {
  go({ words: { tab: tab === 'manifest' ? '' : tab } });
}

function Shown({ tab, view, data }: { tab: TabName; view: View; data: ObjectData }) {
  switch (tab) {
    case 'manifest':
      return <ManifestTab view={view} data={data} />;
    case 'diff':
      return <DiffTab view={view} data={data} />;
    case 'requests':
      return <RequestsTab view={view} data={data} />;
    case 'events':
      return <EventsTab data={data} />;
    case 'links':
      return <LinksTab view={view} data={data} />;
    case 'coverage':
      return <CoverageTab data={data} />;
  }
}

function tabsOf(data: ObjectData) {
  const counts = countsOf(data.entries);
  const requests = new Set(data.entries.flatMap((entry) => requestOf(entry)?.id ?? [])).size;
  const there = data.history.data !== undefined;
  const count = (n: number | undefined) => (there && !data.ranged && n !== undefined ? { count: n } : {});
  return [
    { value: 'manifest' as const, label: 'Manifest' },
    { value: 'diff' as const, label: 'Diff' },
    { value: 'requests' as const, label: 'Requests', ...count(requests) },
    { value: 'events' as const, label: 'Events', ...count(counts.events) },
    { value: 'links' as const, label: 'Links', ...count(data.links.data && relationsOf(data.links.data.links)) },
    { value: 'coverage' as const, label: 'Coverage', ...count(data.history.data?.coverage.gaps.length) },
  ];
}
