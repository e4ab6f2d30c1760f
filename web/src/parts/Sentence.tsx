import { sentenceIn } from '../time/sentence';
import { useZone } from '../url/prefs';

/** A sentence of the server's, its moments in the person's zone; hovering tells it as the server does. */
export function Sentence({ text }: { text: string }) {
  const told = sentenceIn(useZone(), text);
  return told === text ? text : <span title={text}>{told}</span>;
}
