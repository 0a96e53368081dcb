import type { INestApplication } from '@nestjs/common';
import { Logger } from 'nestjs-pino';
import { findPassingFailure } from './database/find-passing-failure.js';

const shutdownMs = 60_000;
const echoMs = 1_000;

/**
 * Ends the service in order at SIGINT and SIGTERM, with exit code 0, also when it is still starting; at once at the
 * second signal, or after a minute. An error that nobody caught is logged and ends the process with 1: what it left
 * behind is taken up at the next start.
 */
export function watchProcess(starting: Promise<INestApplication>): void {
  let logger: Logger | null = null;
  const remember = async () => {
    logger = (await starting).get(Logger);
  };
  // Why the start failed is for the caller to say.
  remember().catch(() => {});
  const ending = new Ending(starting, (signal) =>
    logger?.log(`${signal}: finishing; a second signal ends at once`, 'Service'),
  );
  process.on('uncaughtException', (error) => {
    // The queue stops listening to its session before it closes it, and the database may be ending as well.
    if (ending.hasBegun && findPassingFailure(error) !== null) return;
    if (logger) logger.fatal(error, 'Service');
    else process.stderr.write(`millrace: ${error.stack}\n`);
    process.exit(1);
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => ending.begin(signal));
}

class Ending {
  private since: number | null = null;

  constructor(
    private readonly starting: Promise<INestApplication>,
    private readonly announce: (signal: string) => void,
  ) {}

  get hasBegun(): boolean {
    return this.since !== null;
  }

  begin(signal: string): void {
    // npm passes on the Ctrl-C that the terminal has already sent to its whole group: that is one signal, not two.
    if (this.since !== null && performance.now() - this.since < echoMs) return;
    if (this.since !== null) process.exit(1);
    this.since = performance.now();
    this.announce(signal);
    setTimeout(() => process.exit(1), shutdownMs).unref();
    void close(this.starting);
  }
}

async function close(starting: Promise<INestApplication>): Promise<void> {
  try {
    await (await starting).close();
    process.exit(0);
  } catch {
    process.exit(1);
  }
}
