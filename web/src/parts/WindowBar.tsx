import { useEffect, useRef, useState, type FormEvent } from 'react';
import { useLive } from '../api/live';
import { formatClock, formatMoment, formatSpan, parseTyped, precisionFor, sameDay, zoneName, type Zone } from '../time/format';
import { milli, minute, type Window } from '../time/moment';
import type { View } from '../url/state';
import { setZone, useZone } from '../url/prefs';
import { go } from '../url/useView';
import { Button, IconButton, Segments } from './Button';
import { Icon } from './Icon';
import { Popover } from './Popover';
import { useTellWindow } from './seen';
import { followNow, lastOf, presets, shifted, windowOf, zoomed } from './window';
import './WindowBar.css';

/** The window, from and to: presets, typed times, zone, steps, and following now. bounds: what is recorded. */
export function WindowBar({ view, bounds, narrow }: { view: View; bounds?: Partial<Window> | undefined; narrow?: boolean }) {
  const now = windowOf(view, bounds);
  const { live } = useLive();
  const zone = useZone();
  const following = view.follow !== undefined;
  useTellWindow(now);
  const span = now.from !== undefined && now.to !== undefined ? now.to - now.from : 15 * minute;
  const step = (change: ReturnType<typeof shifted>) => change && go(change);
  return (
    <div className="window-bar" role="group" aria-label="Window of time">
      {!narrow && <IconButton small icon="left" label="Half a window earlier" onClick={() => step(shifted(now, -0.5))} />}
      <WindowButton view={view} bounds={bounds} />
      {!narrow && <IconButton small icon="right" label="Half a window later" onClick={() => step(shifted(now, 0.5))} />}
      {!narrow && <IconButton small icon="zoom" label="Twice as much time" onClick={() => step(zoomed(now, 2, view.at))} />}
      <Segments
        small
        label="Time zone"
        value={zone}
        options={[
          { value: 'local', label: 'Local', title: `This browser's zone, ${zoneName('local')}` },
          { value: 'utc', label: 'UTC' },
        ]}
        onChange={setZone}
      />
      {(live || following) && (
        <Button
          small
          icon="play"
          on={following}
          title={following ? 'Stay at this window' : 'Keep the window at the newest facts'}
          onClick={() => go(following ? { ...now, follow: undefined } : followNow(span))}
        >
          Follow now
        </Button>
      )}
    </div>
  );
}

/** What the window is, as a button that opens what changes it; compact leaves days and fractions to the tooltip. */
export function WindowButton({ view, bounds, compact }: { view: View; bounds?: Partial<Window> | undefined; compact?: boolean }) {
  const [open, setOpen] = useState(false);
  const zone = useZone();
  const button = useRef<HTMLButtonElement>(null);
  const now = windowOf(view, bounds);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        className="window-button"
        aria-haspopup="dialog"
        aria-expanded={open}
        title={`Window: ${windowWords(view, now, zone).join('')}`}
        onClick={() => setOpen(!open)}
      >
        <Icon name="clock" size={14} />
        <WindowText words={compact ? shortWords(view, now, zone) : windowWords(view, now, zone)} />
        <Icon name="down" size={12} />
      </button>
      {open && (
        <Popover anchor={button} label="Window of time" onClose={() => setOpen(false)} className="window-menu">
          <WindowMenu view={view} bounds={bounds} now={now} close={close} />
        </Popover>
      )}
    </>
  );
}

/** Three pieces, the outer ones dim: "All · ", "15:26:02 – 15:26:46", " · 44 s". */
type Words = readonly [before: string, main: string, after: string];

function WindowText({ words: [before, main, after] }: { words: Words }) {
  return (
    <span>
      <span className="window-button-dim">{before}</span>
      {main}
      <span className="window-button-dim">{after}</span>
    </span>
  );
}

function windowWords(view: View, now: Partial<Window>, zone: Zone): Words {
  if (view.follow !== undefined) return ['', `Last ${formatSpan(view.follow)}`, ', following'];
  if (now.from === undefined && now.to === undefined) return ['', 'Everything recorded', ''];
  const precision = precisionFor(Math.max(1, ((now.to ?? Infinity) - (now.from ?? 0)) / 200));
  const shown = precision === 'day' ? 'minute' : precision;
  const from = now.from === undefined ? 'the beginning' : formatMoment(now.from, zone, shown);
  const to = now.to === undefined ? 'the end' : formatMoment(now.to, zone, shown).slice(isOneDay(now, zone) ? 11 : 0);
  return [isWhole(view) ? 'All · ' : '', `${from} – ${to}`, spanWords(now)];
}

function shortWords(view: View, now: Partial<Window>, zone: Zone): Words {
  const { from, to } = now;
  if (view.follow !== undefined || from === undefined || to === undefined) return windowWords(view, now, zone);
  if (isWhole(view)) return ['', 'Everything', spanWords(now)];
  const show = (at: number) => (isOneDay(now, zone) ? formatClock(at, zone) : formatMoment(at, zone, 'minute').slice(5));
  return ['', `${show(from)} – ${show(to)}`, ''];
}

function isWhole(view: View): boolean {
  return view.from === undefined && view.to === undefined;
}

function isOneDay({ from, to }: Partial<Window>, zone: Zone): boolean {
  return from !== undefined && to !== undefined && sameDay(from, to, zone);
}

function spanWords({ from, to }: Partial<Window>): string {
  return from !== undefined && to !== undefined ? ` · ${formatSpan(to - from)}` : '';
}

function WindowMenu({ view, bounds, now, close }: { view: View; bounds?: Partial<Window> | undefined; now: Partial<Window>; close: () => void }) {
  const zone = useZone();
  const print = (at: number | undefined) => (at === undefined ? '' : formatMoment(at, zone, at % 1_000_000 ? 'micro' : 'second'));
  const [from, setFrom] = useState(print(now.from));
  const [to, setTo] = useState(print(now.to));
  const [wrong, setWrong] = useState('');
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => {
    requestAnimationFrame(() => first.current?.focus());
  }, []);
  const pick = (change: Parameters<typeof go>[0]) => {
    close();
    go(change);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const near = bounds?.to ?? Date.now() * milli;
    const [a, b] = [from.trim() ? parseTyped(from, zone, near) : undefined, to.trim() ? parseTyped(to, zone, near) : undefined];
    if ((from.trim() && a === undefined) || (to.trim() && b === undefined)) return setWrong('A time is 15:26, 15:26:19.5 or 2026-11-21 15:26.');
    if (a !== undefined && b !== undefined && a >= b) return setWrong('The window ends before it begins.');
    pick({ from: a, to: b, follow: undefined });
  };
  return (
    <div className="window-menu-inner">
      <form onSubmit={submit}>
        <label>
          From
          <input ref={first} value={from} placeholder="the beginning" spellCheck={false} onChange={(e) => setFrom(e.target.value)} aria-invalid={wrong !== ''} />
        </label>
        <label>
          To
          <input value={to} placeholder="the end" spellCheck={false} onChange={(e) => setTo(e.target.value)} aria-invalid={wrong !== ''} />
        </label>
        <p className={wrong ? 'window-menu-wrong' : 'window-menu-hint'} role={wrong ? 'alert' : undefined}>
          {wrong || `Times in ${zoneName(zone, now.to)}`}
        </p>
        <button type="submit" className="button button-primary button-small">
          Show
        </button>
      </form>
      <div className="window-menu-presets" role="group" aria-label="Windows to choose from">
        <p>Last, of what is recorded</p>
        {presets.map((preset) => (
          <button key={preset.span} type="button" onClick={() => pick(lastOf(view, preset.span, bounds))}>
            {preset.label}
          </button>
        ))}
        <button type="button" onClick={() => pick({ from: undefined, to: undefined, follow: undefined })}>
          Everything recorded
        </button>
      </div>
    </div>
  );
}
