import { Suspense, useEffect, useRef, useState } from 'react';
import { onUnauthorized, setToken } from '../api/client';
import { reconnect } from '../api/live';
import { useInfo } from '../api/server';
import { Empty, Link, toPage } from '../parts';
import { everywhere, useKeys } from '../url/keys';
import { rememberObject } from '../url/recent';
import type { View } from '../url/state';
import { currentView, goTo, useView } from '../url/useView';
import './App.css';
import { ErrorBoundary } from './ErrorBoundary';
import { Header } from './Header';
import { KeysDialog } from './KeysDialog';
import { isLeadingOn, LeadOn } from './LeadOn';
import { pageOf, PageSkeleton } from './pages';
import { Palette } from './palette/Palette';
import { ServerNotice } from './ServerNotice';
import { titleOf } from './title';
import { TokenDialog } from './TokenDialog';

type Open = '' | 'search' | 'keys' | 'token';

/** The frame: what is the same on every page. */
export function App() {
  const view = useView();
  const [open, setOpen] = useState<Open>('');
  // Raised when everything is to be asked anew, as with another token.
  const [turn, setTurn] = useState(0);
  const close = () => setOpen('');
  const token = useTokenAsked(setOpen);
  useFrameKeys(setOpen);
  useArrival(view);
  return (
    <div className="app">
      <a className="app-skip" href="#page">
        Skip to the page
      </a>
      <Header view={view ?? nowhere} search={() => setOpen('search')} showKeys={() => setOpen('keys')} />
      <Notice key={turn} askToken={() => setOpen('token')} again={() => setTurn(turn + 1)} />
      <div id="page" className="app-page" tabIndex={-1}>
        <ShownPage key={turn} view={view} />
      </div>
      {open === 'search' && <Palette onClose={close} showKeys={() => setOpen('keys')} />}
      {open === 'keys' && <KeysDialog onClose={close} />}
      {open === 'token' && (
        <TokenDialog
          refused={token.given}
          onClose={() => {
            token.decline();
            close();
          }}
          onToken={(text) => {
            token.give(text);
            close();
            setTurn(turn + 1);
          }}
        />
      )}
    </div>
  );
}

/** Asks for a token when the server first wants one; who declined is not asked again by every question, only by the notice's button. */
function useTokenAsked(setOpen: (open: Open) => void) {
  const declined = useRef(false);
  const [given, setGiven] = useState(false);
  useEffect(
    () =>
      onUnauthorized(() => {
        if (!declined.current) setOpen('token');
      }),
    [setOpen],
  );
  return {
    given,
    decline: () => {
      declined.current = true;
    },
    give: (text: string) => {
      declined.current = false;
      setGiven(true);
      setToken(text);
      reconnect();
    },
  };
}

const nowhere: View = toPage('overview', undefined);

function Notice({ askToken, again }: { askToken: () => void; again: () => void }) {
  const { error } = useInfo();
  return error ? <ServerNotice error={error} askToken={askToken} retry={again} /> : null;
}

function ShownPage({ view }: { view: View | undefined }) {
  if (!view && isLeadingOn()) return <LeadOn />;
  if (!view) {
    return (
      <main>
        <Empty title="There is no such page" icon="search">
          <p>
            The address leads nowhere. <Link to={nowhere}>Go to the overview</Link>
          </p>
        </Empty>
      </main>
    );
  }
  const Shown = pageOf[view.page];
  return (
    <ErrorBoundary key={placeOf(view)}>
      <Suspense fallback={<PageSkeleton page={view.page} />}>
        <Shown view={view} />
      </Suspense>
    </ErrorBoundary>
  );
}

/** What makes two views two places, for focus, errors and titles: the page, and on the object page the object. */
function placeOf(view: View | undefined): string {
  const { object } = view ?? {};
  return object ? ['object', object.cluster, object.kind, object.namespace, object.name].join('/') : (view?.page ?? '');
}

/** The title and the focus follow where one is; the objects looked at are remembered. */
function useArrival(view: View | undefined): void {
  const place = placeOf(view);
  const before = useRef(place);
  const title = view || !isLeadingOn() ? titleOf(view) : 'To Jaeger · kubewake';
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    if (view?.object) rememberObject(view.object);
    if (before.current === place) return;
    before.current = place;
    document.getElementById('page')?.focus({ preventScroll: true });
    // The place says all that matters of the view.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [place]);
}

function useFrameKeys(setOpen: (open: Open) => void): void {
  const to = (page: View['page']) => () => goTo(toPage(page, currentView()));
  useKeys(
    {
      '/': { does: 'Search objects, pages and records', run: () => setOpen('search') },
      'Mod+k': { does: 'Search, also while typing', run: () => setOpen('search'), typing: true },
      '?': { does: 'Show the keys', run: () => setOpen('keys') },
      'g o': { does: 'Go to the overview', run: to('overview') },
      'g t': { does: 'Go to the timeline', run: to('timeline') },
      'g r': { does: 'Go to the tree', run: to('trace') },
      'g g': { does: 'Go to the graph', run: to('graph') },
      'g s': { does: 'Go to the search', run: to('search') },
      'g c': { does: 'Go to the coverage', run: to('coverage') },
    },
    everywhere,
  );
}
