/** Whole numbers beyond what a number holds exactly (2^53), as manifests may have them: kept as they were written. */

/** Such a number, by its digits. */
export class Whole {
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }

  toString(): string {
    return this.digits;
  }

  /** For JSON.stringify: the digits as they are where the engine can print them so, else as a string: rounded they would lie. */
  toJSON(): unknown {
    const { rawJSON } = JSON as { rawJSON?: (text: string) => unknown };
    return rawJSON ? rawJSON(this.digits) : this.digits;
  }
}

/** Whether a text may have such a number; cheap, and true of few texts. 2^53 begins with 9 and has 16 digits. */
const suspected = /(?:^|[:[,\s])-?(?:[1-9]\d{16}|9\d{15})/;

/** Strings and numbers: all tokens of JSON that may hold digits. */
const tokens = /"[^"\\]*(?:\\[^][^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;

const long = /^-?[1-9]\d{15,}$/;

const mark = '\u0001whole';

/** Reads JSON as JSON.parse does, but whole numbers that a number would round become a Whole. Throws what JSON.parse does. */
export function parseExact(text: string): unknown {
  if (!suspected.test(text)) return JSON.parse(text);
  const marked = text.replace(tokens, (token) => (long.test(token) && !Number.isSafeInteger(Number(token)) ? JSON.stringify({ [mark]: token }) : token));
  return JSON.parse(marked, (_, value: unknown) => wholeOf(value) ?? value);
}

function wholeOf(value: unknown): Whole | undefined {
  if (typeof value !== 'object' || value === null || !(mark in value)) return undefined;
  const digits = value[mark];
  return typeof digits === 'string' && /^-?\d+$/.test(digits) ? new Whole(digits) : undefined;
}
