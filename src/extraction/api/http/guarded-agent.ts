import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ApiRefused } from '../api-errors.js';
import type { AddressGuard } from './address-guard.js';

type Created = Parameters<HttpAgent['createConnection']>[1];

const POOL: AgentOptions = {
  keepAlive: true,
  maxSockets: 64,
  maxTotalSockets: 256,
  maxFreeSockets: 16,
  // Of a connection that waits for its next request.
  timeout: 30_000,
};

/** Connects only to addresses that the guard has checked; a name is resolved once and connected to what was found. */
export class GuardedHttpAgent extends HttpAgent {
  constructor(private readonly guard: AddressGuard) {
    super(POOL);
  }

  override createConnection(options: ClientRequestArgs, created?: Created): Duplex | null | undefined {
    return guardSocket(this.guard, options, (guarded) => super.createConnection(guarded, created));
  }
}

/** The same with TLS, whose certificates are always verified, whatever the environment says. */
export class GuardedHttpsAgent extends HttpsAgent {
  constructor(private readonly guard: AddressGuard) {
    super({ ...POOL, rejectUnauthorized: true, minVersion: 'TLSv1.2' });
  }

  override createConnection(options: ClientRequestArgs, created?: Created): Duplex | null | undefined {
    return guardSocket(this.guard, options, (guarded) => super.createConnection(guarded, created));
  }
}

function guardSocket(
  guard: AddressGuard,
  options: ClientRequestArgs,
  connect: (options: ClientRequestArgs) => Duplex | null | undefined,
): Duplex | null | undefined {
  const host = options.host ?? '';
  const port = options.port ?? '';
  const lookup: LookupFunction = (name, { all }, take) =>
    guard.lookup(name, port, (error, addresses) => {
      if (error || all) return take(error, addresses);
      return take(null, addresses[0]?.address ?? '', addresses[0]?.family);
    });
  const socket = connect({ ...options, lookup, autoSelectFamilyAttemptTimeout: 1000 } as ClientRequestArgs);
  // First of all listeners: nothing may be written, no TLS hello either, before the address is known to be right.
  socket?.prependOnceListener('connect', () => {
    try {
      guard.checkAddress(host, port, (socket as Socket).remoteAddress);
    } catch (error) {
      socket.destroy(error as ApiRefused);
    }
  });
  return socket;
}
