import { lookup as resolve, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP, isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { ApiRefused } from '../api-errors.js';
import { originAndPath } from '../show-url.js';

/** Finds every address of a host name, as `dns.lookup` does with `all`. */
export type Resolve = (
  host: string,
  options: LookupOptions & { all: true },
  take: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** The one part of IPv6 that is given to hosts of the public network (IANA); the rest is local, mapped or reserved. */
const PUBLIC_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Keeps API sources out of this machine and its network: a host must be listed, or all of its addresses must be public.
 * It is asked for each URL, for each name that is resolved and for each connection that is made.
 */
export class AddressGuard {
  readonly #listed: { host: string; port: string | null }[];

  /** @param listed `Settings.apiHosts` */
  constructor(
    listed: readonly string[],
    private readonly resolve: Resolve = resolveBySystem,
  ) {
    this.#listed = listed.map((entry) => {
      const [, host = '', port = null] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
      return { host, port };
    });
  }

  /** @throws ApiRefused for another protocol than HTTP, for user and password in the URL, for an address that is not public */
  check(url: URL): void {
    const isHttp = url.protocol === 'http:' || url.protocol === 'https:';
    if (!isHttp || url.username || url.password) {
      throw new ApiRefused(
        'API_ADDRESS_REFUSED',
        `${originAndPath(url.href)}: expected an http or https URL without user and password`,
      );
    }
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    if (isIP(host)) this.checkAddress(host, url.port || defaultPort(url.protocol), host);
  }

  /** @throws ApiRefused unless the host is listed or the address, where it was found, is public */
  checkAddress(host: string, port: string | number, address: string | undefined): void {
    if (this.#isListed(host, String(port)) || (address !== undefined && isPublicAddress(address))) return;
    throw refusal(host);
  }

  /** Resolves a name to addresses that were all checked. */
  lookup(host: string, port: string | number, take: Parameters<Resolve>[2]): void {
    this.resolve(host, { all: true, order: 'verbatim' }, (error, addresses) => {
      if (error) return take(error, []);
      try {
        for (const { address } of addresses) this.checkAddress(host, port, address);
      } catch (refused) {
        return take(refused as Error, []);
      }
      return take(null, addresses);
    });
  }

  #isListed(name: string, port: string): boolean {
    const host = name.includes(':') ? `[${name}]` : name;
    return this.#listed.some(
      (entry) =>
        (entry.port === null || entry.port === port) &&
        (entry.host.startsWith('*.') ? host.endsWith(entry.host.slice(1)) : host === entry.host),
    );
  }
}

/** Whether an address belongs to a host of the public network. */
export function isPublicAddress(text: string): boolean {
  if (isIPv4(text)) return ipaddr.parse(text).range() === 'unicast';
  if (!isIPv6(text) || text.includes('%')) return false;
  // ipaddr.js takes ::1.2.3.4 for ::ffff:1.2.3.4; the URL's spelling has no dots.
  const address = ipaddr.process(new URL(`http://[${text}]`).hostname.slice(1, -1));
  const isPublic = address.kind() === 'ipv4' || (address as ipaddr.IPv6).match(PUBLIC_IPV6);
  return isPublic && address.range() === 'unicast';
}

/** The same words for every address, so that nobody learns from them what is inside the network. */
function refusal(host: string): ApiRefused {
  return new ApiRefused(
    'API_ADDRESS_REFUSED',
    `${host}: expected a host at public addresses, or one that MILLRACE_API_HOSTS lists`,
  );
}

function defaultPort(protocol: string): string {
  return protocol === 'https:' ? '443' : '80';
}

const resolveBySystem: Resolve = (host, options, take) => resolve(host, options, take);
