import { isIPv4, isIPv6 } from 'node:net';
import type { SettingsReader } from './read-value.js';

const EXPECTED =
  'hosts such as api.internal, api.internal:8080, *.internal, 10.0.0.5 or [::1]:8080, separated by commas';

/** `MILLRACE_API_HOSTS` in the spelling that `new URL` gives a host, each with its port where it has one. */
export function parseApiHosts(reader: SettingsReader): string[] {
  return reader.list('MILLRACE_API_HOSTS', []).map((entry) => {
    const host = canonicalHost(entry);
    if (host === null) reader.refuse('MILLRACE_API_HOSTS', EXPECTED, entry);
    return host ?? entry;
  });
}

function canonicalHost(entry: string): string | null {
  if (isIPv6(entry)) return hostOf(`[${entry}]`);
  const [, wildcard = '', name = '', port = ''] =
    /^(\*\.)?(\[[\da-fA-F:.]+\]|[^\s:/?#@\\[\]*%]+)(:\d{1,5})?$/.exec(entry) ?? [];
  const host = name && hostOf(name);
  if (!host || Number(port.slice(1)) > 65_535) return null;
  const isAddress = isIPv4(host) || host.startsWith('[');
  // 010.0.0.1 and 127.1 mean another address than most people read.
  if (isIPv4(host) && host !== name) return null;
  return wildcard && isAddress ? null : `${wildcard}${host}${port}`;
}

function hostOf(name: string): string | null {
  const url = `http://${name}/`;
  return URL.canParse(url) ? new URL(url).hostname : null;
}
