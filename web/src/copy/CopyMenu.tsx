import { useInfo } from '../api/server';
import type { OneEntry, Ref } from '../api/types';
import { copiedWords, Menu, useCopy, useSeen, type MenuItem } from '../parts';
import type { View } from '../url/state';
import { hrefOf } from '../url/useView';
import { commandOfView, commandsOfEntry, historyCommand, kubectlCommand, serverOf, type Asker } from './commands';
import { diffText, linesOf } from './changes';
import { markdownOfEntry } from './markdown';

/** The address of a view, for others. */
export function linkTo(view: View): string {
  return location.origin + hrefOf(view);
}

/** How commands name cluster and server here. */
export function useAsker(): Asker {
  const several = (useInfo().data?.clusters.length ?? 0) > 1;
  const server = serverOf(location.origin);
  return { several, ...(server ? { server } : {}) };
}

/** Copies what a record says: as a link, as commands, as Markdown. Of a page without a record: link and command. All of it of what is seen now. */
export function CopyMenu({ view, one, object, label = 'Copy' }: { view: View; one?: OneEntry | undefined; object?: Ref | undefined; label?: string }) {
  const asker = useAsker();
  const seen = useSeen(view);
  const { done, copy } = useCopy();
  return (
    <>
      <Menu
        label="Copy"
        icon={done === 'copied' ? 'check' : done === 'failed' ? 'warn' : 'copy'}
        className="button button-small"
        align="end"
        items={itemsFor(seen, one, object, asker, (text) => () => copy(text))}
      >
        {done === 'copied' ? copiedWords[done] : done === 'failed' ? 'Not copied' : label}
      </Menu>
      <span className="visually-hidden" role="status">
        {copiedWords[done]}
      </span>
    </>
  );
}

function itemsFor(view: View, one: OneEntry | undefined, object: Ref | undefined, asker: Asker, copy: (text: string) => () => void): MenuItem[] {
  const link = linkTo(view);
  const ref = one?.object ?? object;
  const ofView = one || object ? undefined : commandOfView(view, asker);
  const commands = [...(one ? commandsOfEntry(one, asker) : []), ...(ref && !one ? [historyCommand(ref, view, asker)] : []), ...(ofView ? [ofView] : [])];
  const kubectl = ref && kubectlCommand(ref);
  return [
    { label: 'Link to this view', icon: 'link', run: copy(link), group: '' },
    ...(one ? [{ label: 'Summary as Markdown', icon: 'config' as const, hint: 'What, who, when, changes, for a report', run: copy(markdownOfEntry(one, link)), group: '' }] : []),
    ...commands.map((text) => ({ label: text.split(' ').slice(0, 2).join(' '), hint: text, icon: 'terminal' as const, run: copy(text), group: 'Commands that say the same' })),
    ...(kubectl ? [{ label: 'kubectl get', hint: `${kubectl} (as it is now)`, icon: 'terminal' as const, run: copy(kubectl), group: 'Commands that say the same' }] : []),
    ...(ref?.uid ? [{ label: 'UID', hint: ref.uid, icon: 'copy' as const, run: copy(ref.uid), group: 'Values' }] : []),
    ...valuesOf(one).map(([label, value]) => ({ label, hint: value, icon: 'copy' as const, run: copy(value), group: 'Values' })),
    ...(one?.entry.revision ? [{ label: 'Changes as text', icon: 'copy' as const, run: copy(changesOf(one)), group: 'Values' }] : []),
    ...(one ? [{ label: 'Record as JSON', icon: 'copy' as const, run: copy(JSON.stringify(one, null, 2)), group: 'Values' }] : []),
  ];
}

/** What one pastes elsewhere to look for the same request. */
function valuesOf(one: OneEntry | undefined): [label: string, value: string][] {
  const maker = one?.entry.revision?.maker ?? one?.entry.end?.maker;
  const request = one?.entry.request ?? maker?.request;
  const known: [string, string | undefined][] = [
    ['User', one?.entry.actor?.user ?? maker?.actor?.user],
    ['Audit ID', request?.auditID],
    ['Request URI', request?.uri],
  ];
  return known.filter((pair): pair is [string, string] => Boolean(pair[1]));
}

function changesOf(one: OneEntry): string {
  const { lines, noise } = linesOf(one.entry.revision?.changes);
  return diffText([...lines, ...noise]);
}
