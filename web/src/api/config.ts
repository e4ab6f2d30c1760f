import type { ServerConfig } from './types';

let config: Promise<ServerConfig | undefined> | undefined;

/** /ui/config.json, fetched once; undefined where it can not be had, which the next call tries again. */
export function configOf(): Promise<ServerConfig | undefined> {
  config ??= fetchConfig().catch(() => {
    config = undefined;
    return undefined;
  });
  return config;
}

async function fetchConfig(): Promise<ServerConfig | undefined> {
  const response = await fetch('/ui/config.json', { headers: { Accept: 'application/json' } });
  return response.ok ? ((await response.json()) as ServerConfig) : undefined;
}
