import { Logger } from 'nestjs-pino';
import { loadSettings } from './settings/load-settings.js';
import { startService } from './start-service.js';
import { watchProcess } from './watch-process.js';

async function start() {
  return startService(loadSettings());
}

const starting = start();
watchProcess(starting);
try {
  const app = await starting;
  app.get(Logger).log(`listening on ${await app.getUrl()}`, 'Service');
} catch (error) {
  process.stderr.write(`millrace: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
