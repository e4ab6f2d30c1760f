/** How long nothing moves until the next movement is one that a person may want to go back from, in milliseconds. */
const rest = 2000;

/** Tells movements of the window that begin a new entry of the history from those that go on with the last one. */
export class Rest {
  private last = -Infinity;

  /** Whether a movement at now (milliseconds) begins an entry: jumps do, and what moves first after a rest. */
  begins(jump: boolean, now: number): boolean {
    const rested = now - this.last > rest;
    this.last = now;
    return jump || rested;
  }
}
