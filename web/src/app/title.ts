import { kindOfWord, kindShort } from '../text/kinds';
import type { View } from '../url/state';
import { pageNames } from './palette/items';

/** What the browser calls a view, in tabs and in its history: what is special first. */
export function titleOf(view: View | undefined): string {
  if (!view) return 'No such page · kubewake';
  const { object, set } = view;
  if (object) return [`${kindShort(kindOfWord(object.kind)) || object.kind}/${object.name}`, object.namespace, 'kubewake'].filter(Boolean).join(' · ');
  const about = [set.object.startsWith('uid:') ? '' : set.object, set.namespace, set.kind, set.selector].filter(Boolean).join(' ');
  return [about, pageNames[view.page], 'kubewake'].filter(Boolean).join(' · ');
}
