import { isUtf8 } from 'node:buffer';
import type { PageText } from './page-decoder.js';

/** Media type in lower case, and the charset parameter; empty where the answer tells none. */
export function readContentType(header: string | undefined): { mediaType: string; charset: string } {
  const [type = '', ...parameters] = (header ?? '').split(';');
  const charset = parameters
    .map((parameter) => /^\s*charset\s*=\s*"?([^"\s]+)"?\s*$/i.exec(parameter)?.[1])
    .find((value) => value !== undefined);
  return { mediaType: type.trim().toLowerCase(), charset: (charset ?? '').toLowerCase() };
}

/**
 * The text of a body: by its byte order mark, else by the charset of the Content-Type or the XML declaration, else
 * UTF-8. Throws ApiRefused for bytes that are not what they claim to be; nothing is replaced.
 */
export function decodePageText(
  bytes: Buffer,
  charset: string,
  refuse: PageText['refuse'],
): { text: string; encoding: string } {
  const marked = markOf(bytes);
  const label = marked ?? (charset || declaredByXml(bytes) || 'utf-8');
  if (/^utf-?8$/.test(label)) {
    const start = marked === null ? 0 : 3;
    if (!isUtf8(bytes)) throw refuse('API_BODY_BROKEN', 'expected UTF-8, got other bytes');
    return { text: bytes.toString('utf8', start), encoding: start > 0 ? 'utf-8-bom' : 'utf-8' };
  }
  const decoder = decoderOf(label);
  if (decoder === null) {
    throw refuse('API_BODY_BROKEN', `expected a known charset, got ${JSON.stringify(label.slice(0, 40))}`);
  }
  try {
    return { text: decoder.decode(bytes), encoding: decoder.encoding };
  } catch {
    throw refuse('API_BODY_BROKEN', `expected ${decoder.encoding}, got other bytes`);
  }
}

function decoderOf(label: string) {
  try {
    return new TextDecoder(label, { fatal: true });
  } catch {
    return null;
  }
}

function markOf(bytes: Buffer): string | null {
  if (bytes.length >= 3 && bytes.readUIntBE(0, 3) === 0xefbbbf) return 'utf-8';
  const mark = bytes.length >= 2 ? bytes.readUInt16BE(0) : 0;
  if (mark === 0xfffe) return 'utf-16le';
  return mark === 0xfeff ? 'utf-16be' : null;
}

function declaredByXml(bytes: Buffer): string | undefined {
  const head = bytes.toString('latin1', 0, 200);
  return /^<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["']/.exec(head)?.[1]?.toLowerCase();
}
