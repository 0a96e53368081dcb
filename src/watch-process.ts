import type { INestApplication } from '@nestjs/common';
import { Logger } from 'nestjs-pino';

const signals = ['SIGINT', 'SIGTERM'] as const;
const shutdownMs = 60_000;

/**
 * Ends the service in order at SIGINT and SIGTERM, with exit code 0; at once at the second signal, or after a minute.
 * An error that nobody caught is logged and ends the process with 1: what it left behind is taken up at the next start.
 */
export function watchProcess(app: INestApplication): void {
  const logger = app.get(Logger);
  process.on('uncaughtException', (error) => {
    logger.fatal(error, 'Service');
    process.exit(1);
  });
  let isEnding = false;
  const onSignal = (signal: string) => {
    if (isEnding) process.exit(1);
    isEnding = true;
    logger.log(`${signal}: finishing; a second signal ends at once`, 'Service');
    setTimeout(() => process.exit(1), shutdownMs).unref();
  };
  for (const signal of signals) process.on(signal, onSignal);
  app.enableShutdownHooks([...signals], { useProcessExit: true });
}
