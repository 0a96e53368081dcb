import { loadSettings } from './settings/load-settings.js';
import { startService } from './start-service.js';
import { watchProcess } from './watch-process.js';

try {
  watchProcess(await startService(loadSettings()));
} catch (error) {
  process.stderr.write(`millrace: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
