import { newestOf, useLive } from '../api/live';
import { useBounds, useConfig, useInfo } from '../api/server';
import { Icon, IconButton, Kbd, Link, Menu, TimeLabel, toPage, usePageHasWindowBar, WindowButton, windowOf } from '../parts';
import { zoneName } from '../time/format';
import { minute, type Window } from '../time/moment';
import { setTheme, setZone, useTheme, useZone } from '../url/prefs';
import type { Page, View } from '../url/state';
import { go } from '../url/useView';
import './Header.css';
import { Mark } from './Mark';
import { pageIcons, pageNames } from './palette/items';

const shown: Page[] = ['overview', 'timeline', 'trace', 'graph', 'search', 'coverage'];

/** The bar above every page. */
export function Header({ view, search, showKeys }: { view: View; search: () => void; showKeys: () => void }) {
  const pageHasBar = usePageHasWindowBar();
  const cluster = view.object?.cluster ?? view.set.cluster;
  const bounds = useBounds(cluster);
  return (
    <header className="header">
      <Link className="header-mark" to={toPage('overview', view)} aria-label="kubewake, overview">
        <Mark />
        <span>kubewake</span>
      </Link>
      <nav aria-label="Pages">
        {shown.map((page) => (
          <Link key={page} to={toPage(page, view)} title={pageNames[page]} {...(view.page === page ? { 'aria-current': 'page' as const } : {})}>
            <Icon name={pageIcons[page]} />
            <span>{pageNames[page]}</span>
          </Link>
        ))}
      </nav>
      <button type="button" className="header-search" onClick={search} aria-keyshortcuts="/ Control+K">
        <Icon name="search" size={14} />
        <span>Search objects or records</span>
        <Kbd name="/" />
      </button>
      <div className="header-right">
        <ClusterSwitch view={view} cluster={cluster} />
        {!pageHasBar && <WindowButton view={view} bounds={bounds} compact />}
        <LiveMark view={view} cluster={cluster} bounds={bounds} />
        {!pageHasBar && <ZoneMenu />}
        <ThemeMenu />
        <IconButton icon="help" label="Keys (?)" onClick={showKeys} />
      </div>
    </header>
  );
}

function ClusterSwitch({ view, cluster }: { view: View; cluster: string }) {
  const clusters = useInfo().data?.clusters ?? [];
  if (clusters.length < 2) return null;
  const choose = (name: string) => {
    const { object } = view;
    // The same name in another cluster is another object, with a UID of its own.
    if (object && name) go({ object: { ...object, cluster: name, uid: '' }, set: { ...view.set, cluster: name }, sel: undefined });
    else go({ set: { ...view.set, cluster: name }, sel: undefined });
  };
  const all = view.object ? [] : [{ label: 'All clusters', run: () => choose(''), checked: cluster === '' }];
  return (
    <Menu label="Cluster" align="end" items={[...all, ...clusters.map(({ name }) => ({ label: name, run: () => choose(name), checked: cluster === name }))]}>
      <Icon name="node" size={14} />
      <span className="header-cluster">{cluster || 'All clusters'}</span>
      <Icon name="down" size={12} />
    </Menu>
  );
}

/** Whether facts come in; while they do, it follows them. */
function LiveMark({ view, cluster, bounds }: { view: View; cluster: string; bounds: Partial<Window> }) {
  const live = useLive();
  const records = useConfig()?.live;
  const newest = newestOf(live, cluster);
  if (records === false) {
    return (
      <span className="live live-still" title="A recording that was read: nothing comes in.">
        <span className="live-dot" aria-hidden />
        Not live
      </span>
    );
  }
  if (!live.live) return <span className="live live-still"><span className="live-dot" aria-hidden />{records === undefined ? '' : 'Connecting'}</span>;
  const following = view.follow !== undefined;
  if (newest === undefined && !following) {
    return (
      <span className="live live-still" title="kubewake is ready; as soon as something is recorded, it shows here.">
        <span className="live-dot" aria-hidden />
        Waiting for the first record
      </span>
    );
  }
  return (
    <button
      type="button"
      className="live live-on"
      aria-pressed={following}
      title={following ? 'The window follows now; stay at this one' : 'Follow now, the last 15 minutes'}
      onClick={() => go(following ? { ...windowOf(view, bounds), follow: undefined } : { from: undefined, to: undefined, follow: 15 * minute })}
    >
      <span className="live-dot" aria-hidden />
      Live
      {newest !== undefined && <span className="live-newest"><TimeLabel at={newest} clock /></span>}
    </button>
  );
}

function ZoneMenu() {
  const zone = useZone();
  return (
    <Menu
      label="Time zone"
      align="end"
      className="button button-quiet header-zone"
      items={[
        { label: `Local time, ${zoneName('local')}`, run: () => setZone('local'), checked: zone === 'local' },
        { label: 'UTC', run: () => setZone('utc'), checked: zone === 'utc' },
      ]}
    >
      <span>{zone === 'utc' ? 'UTC' : 'Local'}</span>
    </Menu>
  );
}

function ThemeMenu() {
  const theme = useTheme();
  return (
    <Menu
      label="Theme"
      align="end"
      className="button button-quiet button-icon"
      items={[
        { label: 'As the system', icon: 'system', run: () => setTheme('system'), checked: theme === 'system' },
        { label: 'Light', icon: 'sun', run: () => setTheme('light'), checked: theme === 'light' },
        { label: 'Dark', icon: 'moon', run: () => setTheme('dark'), checked: theme === 'dark' },
      ]}
    >
      <Icon name={theme === 'dark' ? 'moon' : theme === 'light' ? 'sun' : 'system'} />
    </Menu>
  );
}
