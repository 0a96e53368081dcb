import { hash } from 'node:crypto';
import { join } from 'node:path';
import { decodeFile } from './decode-file.js';
import { FileChanged, FileNotRegular, FileRefused, FileUnreadable, systemCode } from './file-errors.js';
import { landDelimited } from './land-delimited.js';
import { landJson } from './land-json.js';
import { landParquet } from './land-parquet.js';
import { landXml, xmlEncoding } from './land-xml.js';
import type { LandedFile } from './landed-file.js';
import { Landing, type DecodedText, type LandedContent, type UnpackedFile } from './landing.js';
import type { LocalSource } from './local-source.js';
import { isSameStamp, openFile, stampOf, verifyHandle } from './open-file.js';
import { type ByteSource, HeldBytes } from './read-chunks.js';
import type { WholeFile } from '../file-thread.js';
import { recogniseBinary } from './recognise-content.js';
import { refuseFile } from './refuse-file.js';
import type { SeenFile } from './seen-file.js';
import { settleFormat, type FileFormat } from './settle-format.js';
import { unpackFile } from './unpack-file.js';

/** How each text format lands. A new one is one line here and one in settle-format. */
const textLanders: Record<
  Exclude<FileFormat, 'parquet'>,
  (text: DecodedText, landing: Landing) => Promise<LandedContent>
> = {
  csv: async (text, landing) => landDelimited(text, landing, 'csv'),
  tsv: async (text, landing) => landDelimited(text, landing, 'tsv'),
  text: async (text, landing) => landDelimited(text, landing, 'text'),
  json: async (text, landing) => landJson(text, landing, { kind: 'auto' }),
  ndjson: async (text, landing) => landJson(text, landing, { kind: 'lines' }),
  xml: landXml,
};

/** What each format is called where something else was found. */
const expectations: Record<FileFormat, string> = {
  csv: 'delimited text',
  tsv: 'delimited text',
  text: 'text',
  json: 'JSON',
  ndjson: 'JSON',
  parquet: 'a Parquet file',
  xml: 'XML',
};

/**
 * Makes a seen file ready for the columnar engine; copies go to `<folder>/landed`, and an earlier attempt's are written over. A file whose
 * content is not what it claims lands empty, with one reject. Throws FileChanged when it is no longer what was seen.
 * @param options.whole what was read of it already; absent or null: it is read here
 */
export async function landFile(
  file: SeenFile,
  source: LocalSource,
  options: { folder: string; signal?: AbortSignal; whole?: WholeFile | null },
): Promise<LandedFile> {
  const folder = join(options.folder, 'landed');
  const base = join(folder, `${file.source}-${hash('sha256', file.name).slice(0, 32)}`);
  const landing = new Landing(file, source, base, options.signal);
  try {
    const content = await landOriginal(landing, options.whole ?? null);
    const { name, fingerprint, bytes } = file;
    return { source: file.source, name, fingerprint, bytes, ...content };
  } catch (error) {
    options.signal?.throwIfAborted();
    throw errorFor(file.name, error);
  } finally {
    await landing.close();
  }
}

async function landOriginal(landing: Landing, whole: WholeFile | null): Promise<LandedContent> {
  const { file } = landing;
  if (whole !== null && isSameStamp(stampOf(whole.state), file.stamp))
    return landContent(landing, new HeldBytes(whole.bytes));
  const original = landing.keep(await openFile(file.path, file));
  const content = await landContent(landing, original);
  await verifyHandle(original, file.stamp, file.name);
  return content;
}

async function landContent(landing: Landing, original: ByteSource): Promise<LandedContent> {
  let format = settleFormat(landing.file.name, landing.source.format, Buffer.alloc(0));
  let text: DecodedText | null = null;
  try {
    const unpacked = await unpackFile(landing, original);
    const head = unpacked.head.subarray(0, 512);
    format = settleFormat(landing.file.name, landing.source.format, head);
    if (format === 'parquet') return await landParquet(unpacked);
    text = await decodeText(landing, unpacked, { head, format });
    return await textLanders[format](text, landing);
  } catch (error) {
    if (!(error instanceof FileRefused)) throw error;
    const place = { path: text?.path, ...error.place };
    return refuseFile(landing, new FileRefused(error.reason, place, error.raw), format);
  }
}

async function decodeText(
  landing: Landing,
  unpacked: UnpackedFile,
  { head, format }: { head: Buffer; format: FileFormat },
): Promise<DecodedText> {
  const kind = recogniseBinary(head);
  if (kind !== null) throw new FileRefused(`expected ${expectations[format]}, got ${kind}`, { line: 1 });
  const { encoding } = landing.source.csv;
  const declared = format === 'xml' && encoding === 'auto' ? xmlEncoding(head, unpacked) : encoding;
  return decodeFile(landing, unpacked, declared);
}

/** The system's errors as errors of this file: gone or forbidden means it changed since the look, the rest may pass. */
function errorFor(name: string, error: unknown): unknown {
  if (error instanceof FileNotRegular) return new FileChanged(name);
  const code = systemCode(error);
  if (['ENOENT', 'ELOOP', 'EACCES', 'EPERM'].includes(code)) return new FileChanged(name);
  const isSystem = /^E[A-Z0-9]+$/.test(code) && (error as NodeJS.ErrnoException).errno !== undefined;
  return isSystem ? new FileUnreadable(name, error) : error;
}
