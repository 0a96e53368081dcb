import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { TerminalError } from '../errors.js';
import { parseSettings } from './parse-settings.js';
import type { Settings } from './settings.js';

/**
 * The settings of this process: `.env` in the working folder, over which the real environment wins. The only place
 * that reads `process.env`.
 */
export function loadSettings(): Settings {
  return parseSettings(readEnvironment());
}

/** What the settings are made of: variables as they stand, secrets among them. */
export function readEnvironment(): NodeJS.Dict<string> {
  return { ...readEnvFile('.env'), ...process.env };
}

function readEnvFile(path: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new TerminalError('INVALID_SETTINGS', `.env: expected a readable file, got ${String(error)}`, [], {
      cause: error,
    });
  }
}
