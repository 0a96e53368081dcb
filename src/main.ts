import { startService } from './start-service.js';
import { loadSettings } from './settings/load-settings.js';

try {
  const app = await startService(loadSettings());
  app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });
} catch (error) {
  process.stderr.write(`millrace: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
