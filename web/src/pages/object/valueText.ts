import { Whole } from '../../text/whole';

/** A value in one line, cut where it is long. */
export function valueText(value: unknown, most = 120): string {
  const text = typeof value === 'string' ? value || '""' : value instanceof Whole ? value.digits : (JSON.stringify(value) ?? 'nothing');
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
