/** Values that fields had in the recording: what completion offers. */
import { ask } from '../../api/client';
import type { Objects, Hit, SearchEnd } from '../../api/types';
import { tableOf, type Seen } from './completion';

interface Stat {
  tables?: { name: string; rows: Seen[] }[];
}

/** What was seen of a field, most first. Whatever fails offers nothing. */
export async function seenValues(field: string, typed: string, cluster: string): Promise<readonly Seen[]> {
  try {
    return await valuesOf(field, typed, cluster);
  } catch {
    return [];
  }
}

async function valuesOf(field: string, typed: string, cluster: string): Promise<readonly Seen[]> {
  const table = tableOf[field];
  if (table) {
    const stat = await ask<Stat>('stat', { cluster, top: 100 });
    return stat.tables?.find((one) => one.name === table)?.rows ?? [];
  }
  if (field === 'namespace' || field === 'request.namespace' || field === 'event.regarding.namespace') {
    const found = await ask<Objects>('objects', { cluster, kind: 'namespaces', limit: 200 });
    return unique(found.objects.map((object) => object.name ?? ''));
  }
  if (field === 'name' || field === 'request.name' || field === 'event.regarding.name') {
    const found = await ask<Objects>('objects', { cluster, name: `${typed.replace(/[*?[\]\\]/g, '')}*`, limit: 60 });
    return unique(found.objects.map((object) => object.name ?? ''));
  }
  if (field === 'event.reason') {
    const found = await ask<{ hits: Hit[]; end: SearchEnd }>('search', { cluster, record: 'event', newest: true, limit: 400 });
    return counted(found.hits.map((hit) => hit.event?.reason ?? ''));
  }
  return [];
}

function unique(names: readonly string[]): Seen[] {
  return [...new Set(names)].filter((name) => name !== '').map((name) => ({ name }));
}

function counted(names: readonly string[]): Seen[] {
  const counts = new Map<string, number>();
  for (const name of names) if (name) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count);
}
