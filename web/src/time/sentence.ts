/** Sentences of the server's, whose moments are RFC 3339 in UTC, as a person reads them. */
import { formatMoment, type Precision, type Zone } from './format';
import { parseMoment } from './moment';

/** A moment that is a word of its own: not a value in quotes, nor a piece of a name, a path or a range. */
const moments = /(?<=^|[\s([])\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(?:Z|[+-]\d\d:\d\d)(?=[.,;:!?)\]]*(?:\s|$))/g;

/** Writes each moment of a sentence in the zone, as precisely as it stands there; whatever else it says stays as it is. */
export function sentenceIn(zone: Zone, sentence: string): string {
  return sentence.replace(moments, (text: string, fraction: string | undefined) => {
    const at = parseMoment(text);
    return at === undefined ? text : formatMoment(at, zone, precisionOf(fraction));
  });
}

function precisionOf(fraction: string | undefined): Precision {
  if (fraction === undefined) return 'second';
  return fraction.length <= 3 ? 'milli' : 'micro';
}
