import { TerminalError } from '../errors.js';

/**
 * The version that a path names; undefined for `latest`.
 * @throws TerminalError `INVALID_REQUEST` for anything else
 */
export function parseVersion(text: string): number | undefined {
  if (text === 'latest') return undefined;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  const message = `version: expected a number from 1 or "latest", got ${JSON.stringify(text.slice(0, 80))}`;
  throw new TerminalError('INVALID_REQUEST', message, [{ path: 'version', message }]);
}
