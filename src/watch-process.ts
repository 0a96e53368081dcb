import type { INestApplication } from '@nestjs/common';
import { Logger } from 'nestjs-pino';

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
  process.on('uncaughtException', (error) => {
    if (logger) logger.fatal(error, 'Service');
    else process.stderr.write(`millrace: ${error.stack}\n`);
    process.exit(1);
  });
  const onSignal = endOnce(starting, (signal) =>
    logger?.log(`${signal}: finishing; a second signal ends at once`, 'Service'),
  );
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, onSignal);
}

function endOnce(starting: Promise<INestApplication>, announce: (signal: string) => void) {
  let endingSince: number | null = null;
  return (signal: string): void => {
    // npm passes on the Ctrl-C that the terminal has already sent to its whole group: that is one signal, not two.
    if (endingSince !== null && performance.now() - endingSince < echoMs) return;
    if (endingSince !== null) process.exit(1);
    endingSince = performance.now();
    announce(signal);
    setTimeout(() => process.exit(1), shutdownMs).unref();
    void close(starting);
  };
}

async function close(starting: Promise<INestApplication>): Promise<void> {
  try {
    await (await starting).close();
    process.exit(0);
  } catch {
    process.exit(1);
  }
}
