import { TerminalError } from '../errors.js';
import { InvalidConfig } from './invalid-config.js';
import { positionAt } from './text-position.js';
import { MAX_CONFIG_BYTES } from './yaml-guard.js';

/**
 * Bytes as text, such that the text's UTF-8 is these bytes again (a byte order mark stays).
 * @throws TerminalError `PAYLOAD_TOO_LARGE`, and InvalidConfig with the place of the first byte that is not UTF-8
 */
export function decodeText(bytes: Buffer): string {
  if (bytes.length > MAX_CONFIG_BYTES) {
    const message = `expected a config of at most ${MAX_CONFIG_BYTES} bytes, got ${bytes.length}`;
    throw new TerminalError('PAYLOAD_TOO_LARGE', message);
  }
  const text = bytes.toString('utf8');
  const again = Buffer.from(text, 'utf8');
  if (again.equals(bytes)) return text;
  const wrong = bytes.findIndex((byte, index) => byte !== again[index]);
  const position = positionAt(text, bytes.subarray(0, Math.max(0, wrong)).toString('utf8').length);
  throw new InvalidConfig([{ path: '', ...position, message: 'expected UTF-8, got bytes that are not' }]);
}
