import { holdsUtf8 } from './holds-utf8.js';
import type { DecodedText, Landing, UnpackedFile } from './landing.js';
import type { DeclaredEncoding } from './local-source.js';
import { readChunks } from './read-chunks.js';
import { settleEncoding } from './settle-encoding.js';
import { TextProbe } from './text-probe.js';
import { transcode } from './transcode.js';

/** Gives a text as UTF-8: where it is when it claims to be UTF-8 already, else as a landed copy. Throws FileRefused. */
export async function decodeFile(
  landing: Landing,
  unpacked: UnpackedFile,
  declared: DeclaredEncoding = landing.source.csv.encoding,
): Promise<DecodedText> {
  const { head, ...file } = unpacked;
  const { text, handle: source, size: end } = file;
  const isDamaged = !text.isUtf8 && (await holdsUtf8(source, end, landing.signal));
  const traits = { ...text, holdsUtf8: isDamaged };
  const { encoding, bomBytes } = settleEncoding(head, declared, traits);
  if (encoding === 'utf-8') {
    return { ...unpacked, encoding: bomBytes > 0 ? 'utf-8-bom' : 'utf-8', bomBytes };
  }
  const { path, handle } = await landing.create('.utf-8');
  const probe = new TextProbe();
  let size = 0;
  const chunks = readChunks(unpacked.handle, { start: bomBytes, end: unpacked.size, signal: landing.signal });
  for await (const chunk of transcode(chunks, encoding)) {
    probe.update(chunk);
    size += chunk.length;
    await handle.writeFile(chunk);
  }
  const { compression } = unpacked;
  return { handle, path, size, text: probe.finish(), compression, encoding, bomBytes: 0 };
}
