import type { Server } from 'node:http';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

const drainMs = 10_000;

/** Gives open requests ten seconds to end at shutdown, then cuts them off. */
@Injectable()
export class ConnectionDrain implements BeforeApplicationShutdown {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  beforeApplicationShutdown(): void {
    // A process that only works on runs has none.
    const server: Server | undefined = this.adapterHost.httpAdapter?.getHttpServer();
    setTimeout(() => server?.closeAllConnections(), drainMs).unref();
  }
}
