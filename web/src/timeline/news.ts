/** What a timeline tells of its loading, each change once. */
export class News {
  private busy = '';
  private failure = '';

  constructor(
    private readonly grid: HTMLElement,
    private readonly failed: ((why: string) => void) | undefined,
  ) {}

  /** Whether something that is in view is not there yet. */
  tell(busy: boolean): void {
    const told = String(busy);
    if (told !== this.busy) this.grid.setAttribute('aria-busy', told);
    this.busy = told;
  }

  /** Why something in view has no answer; empty: it has. */
  tellFailure(why: string): void {
    if (why === this.failure) return;
    this.failure = why;
    this.failed?.(why);
  }
}
