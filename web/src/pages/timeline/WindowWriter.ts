import type { Window } from '../../time/moment';
import { sameWindow } from '../../time/scale';
import type { TimelineEvents } from '../../timeline/timeline';
import type { go } from '../../url/useView';
import { Rest } from './rest';

/** How long a moving window waits until it is written, in milliseconds. */
const pause = 250;

/** Writes the window into the URL: seldom while it moves, as a new entry of the history where somebody chose it, or moves it after a rest. */
export class WindowWriter {
  /** All that there is to see. */
  private extent: Window | undefined;
  /** What it wrote last, as long as nobody else did: the picture shows that already, or is past it. */
  private written: Window | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pending: (() => void) | undefined;
  private readonly rest = new Rest();
  /** What is pending begins an entry. */
  private begins = false;

  constructor(private readonly put: typeof go) {}

  setExtent(extent: Window | undefined): void {
    this.extent = extent;
  }

  readonly write: TimelineEvents['window'] = ({ from, to }, { settled, jump }) => {
    // The first movement begins the entry, even where the last one is what is written.
    this.begins = this.rest.begins(jump, performance.now()) || this.begins;
    this.pending = () => {
      this.written = { from, to };
      // All that there is needs no words, and stays all when more comes in.
      const whole = this.extent && sameWindow({ from, to }, this.extent);
      this.put(whole ? { from: undefined, to: undefined, follow: undefined } : { from, to, follow: undefined }, { replace: !this.begins });
      this.begins = false;
    };
    if (settled) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), pause);
  };

  /** Whether a window of the URL is news to the picture. What was about to be written is not any more then: Back was pressed, or another link. */
  isNews(window: Window): boolean {
    if (this.written && sameWindow(window, this.written)) return false;
    this.written = undefined;
    this.stop();
    return true;
  }

  /** Forgets what is not written yet. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.pending = undefined;
    this.begins = false;
  }

  private flush(): void {
    const { pending } = this;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.pending = undefined;
    pending?.();
  }
}
