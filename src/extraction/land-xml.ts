import { FileRefused } from './file-errors.js';
import type { DecodedText, LandedContent, Landing, UnpackedFile } from './landing.js';
import type { DeclaredEncoding } from './local-source.js';
import { readChunks } from './read-chunks.js';
import { XmlFault, XmlReader } from './read-xml.js';
import { mostRecordBytes } from './split-lines.js';
import { ValueWriter } from './value-writer.js';

const pieceBytes = 128 * 1024;

const encodings: Record<string, DeclaredEncoding> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  ascii: 'utf-8',
  'utf-16': 'utf-16',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
  'iso-8859-1': 'latin-1',
  'latin-1': 'latin-1',
  latin1: 'latin-1',
  'windows-1252': 'windows-1252',
  cp1252: 'windows-1252',
};

/**
 * The encoding that an XML text without a byte order mark is in: the one that it declares, else UTF-8 or UTF-16.
 * @throws FileRefused for an encoding that is not known
 */
export function xmlEncoding(head: Buffer, { text }: UnpackedFile): DeclaredEncoding {
  if (text.hasNul) return 'utf-16';
  const declaration = /^<\?xml\s[^>]*?encoding\s*=\s*["']([^"']+)["']/.exec(head.toString('latin1'));
  const name = declaration?.[1] ?? 'utf-8';
  const known = new Map(Object.entries(encodings)).get(name.toLowerCase());
  if (known !== undefined) return known;
  const expected = 'expected UTF-8, UTF-16, ISO-8859-1 or windows-1252 in the XML declaration';
  throw new FileRefused(`${expected}, got ${JSON.stringify(name.slice(0, 40))}; declare csv.encoding`, {
    line: 1,
  });
}

/**
 * Lands the elements at the source's `records` as records, one at a time, see XmlElement for what becomes of them.
 * Throws FileRefused for a text that is not XML to its end, or that has no place for the records.
 */
export async function landXml(text: DecodedText, landing: Landing): Promise<LandedContent> {
  const writer = await ValueWriter.open(landing);
  const reader = new XmlReader({
    path: landing.source.records.split('.').slice(1),
    take: (record, line) => writer.add(record, line),
    mostCharacters: mostRecordBytes,
  });
  try {
    if (text.size > text.bomBytes) await readText(text, landing, { reader, writer });
  } catch (error) {
    if (error instanceof XmlFault) throw new FileRefused(error.message, { line: error.line });
    throw error;
  }
  return {
    detected: {
      format: 'xml',
      compression: text.compression,
      encoding: text.encoding,
      delimiter: null,
      header: null,
    },
    format: 'ndjson',
    dialect: null,
    ...(await writer.finish()),
  };
}

async function readText(
  text: DecodedText,
  { signal }: Landing,
  { reader, writer }: { reader: XmlReader; writer: ValueWriter },
): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (chunk?: Buffer): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw new FileRefused(`expected UTF-8, got other bytes after line ${reader.line - 1}`, {
        line: reader.line,
      });
    }
  };
  for await (const chunk of readChunks(text.handle, { start: text.bomBytes, end: text.size, signal })) {
    // Smaller pieces than are read: between them others have their turn.
    for (let at = 0; at < chunk.length; at += pieceBytes) {
      reader.write(decode(chunk.subarray(at, at + pieceBytes)));
      await writer.flush();
    }
  }
  reader.write(decode());
  reader.finish();
}
