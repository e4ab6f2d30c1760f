import type { Entry } from '../../api/types';
import { isRead } from '../../text/verbs';
import { isFailed } from './history';
import './Glyph.css';

/** A shape for each kind of entry: what it is can be told without its colour. */
export function Glyph({ entry }: { entry: Entry }) {
  const { title, name, path } = shapeOf(entry);
  return (
    <svg className={`entry-glyph entry-glyph-${name}`} width="14" height="14" viewBox="0 0 14 14" role="img" aria-label={title}>
      <title>{title}</title>
      <path d={path} />
    </svg>
  );
}

interface Shape {
  title: string;
  name: string;
  path: string;
}

function shapeOf(entry: Entry): Shape {
  const { verb } = entry;
  if (entry.kind === 'event') return entry.event?.type === 'Warning' ? { title: 'Warning Event', name: 'warning', path: 'M7 1.5L12.5 7 7 12.5 1.5 7z' } : { title: 'Event', name: 'event', path: 'M7 2.5L11.5 7 7 11.5 2.5 7z' };
  if (entry.kind === 'gap') return { title: 'Not seen', name: 'gap', path: 'M1.5 12.5l11-11M1.5 7.5l6-6M6.5 12.5l6-6' };
  if (entry.kind === 'span') return { title: 'Span', name: 'span', path: 'M1.5 4.5h8M4.5 9.5h8' };
  if (entry.kind === 'end') return { title: 'End of its life', name: 'delete', path: 'M2.5 2.5l9 9M11.5 2.5l-9 9' };
  if (entry.kind === 'request') {
    if (isFailed(entry)) return { title: 'Request that failed', name: 'failed', path: 'M3 3l8 8M11 3l-8 8' };
    return isRead(verb, entry.subresource) ? { title: 'Read', name: 'read', path: 'M4 7h6' } : { title: 'Request that changed nothing', name: 'noop', path: 'M7 3.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7' };
  }
  if (entry.revision?.first && entry.summary !== 'created') return { title: 'First recorded state', name: 'first', path: 'M3 2.5v9M6 7h6' };
  if (entry.revision?.first) return { title: 'Created', name: 'create', path: 'M7 2v10M2 7h10' };
  if (verb === 'delete') return { title: 'Marked for deletion', name: 'delete', path: 'M2.5 7h9M8.5 4l3 3-3 3' };
  return { title: entry.subresource === 'status' ? 'Change of its status' : 'Change', name: entry.subresource === 'status' ? 'status' : 'change', path: 'M7 3.2a3.8 3.8 0 1 1 0 7.6 3.8 3.8 0 0 1 0-7.6' };
}
