const magics: [Buffer, string][] = [
  [Buffer.from('%PDF-'), 'a PDF document'],
  [Buffer.from('PK\x03\x04'), 'a zip archive or an Office document'],
  [Buffer.from('PK\x05\x06'), 'an empty zip archive'],
  [Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'an old Office document'],
  [Buffer.from('PAR1'), 'a Parquet file'],
  [Buffer.from('ARROW1'), 'an Arrow file'],
  [Buffer.from('SQLite format 3\0'), 'an SQLite database'],
  [Buffer.from('89504e470d0a1a0a', 'hex'), 'a PNG image'],
  [Buffer.from('ffd8ff', 'hex'), 'a JPEG image'],
  [Buffer.from('GIF8'), 'a GIF image'],
  [Buffer.from('7f454c46', 'hex'), 'a program'],
  [Buffer.from('1f8b08', 'hex'), 'gzip data inside other compressed data'],
  [Buffer.from('28b52ffd', 'hex'), 'zstd data inside other compressed data'],
  [Buffer.from('BZh9'), 'bzip2 data'],
  [Buffer.from('fd377a585a00', 'hex'), 'xz data'],
  [Buffer.from('377abcaf271c', 'hex'), 'a 7z archive'],
];

/** Names the kind of a file whose first bytes give it away as no text; null for what may be one. */
export function recogniseBinary(head: Buffer): string | null {
  return magics.find(([magic]) => head.subarray(0, magic.length).equals(magic))?.[1] ?? null;
}

/**
 * Names what stands where delimited text was expected; null for what may be delimited text. `head` is without a mark;
 * `text` is what it says, and may say more.
 */
export function recogniseUndelimited(head: Buffer, text = head.toString()): string | null {
  const zeros = head.includes(0) ? head.filter((byte) => byte === 0).length : 0;
  if (zeros * 4 > head.length)
    return 'bytes of which many are zero (binary, or UTF-16 without a byte order mark)';
  const start = text.trimStart().slice(0, 200);
  // A header in brackets, `[id],[name]`, is no JSON.
  if (/^\{\s*(?:"|\}|$)|^\[\s*(?:[[{"]|-?\d+(?:\.\d+)?\s*[,\]]|\]|$)/.test(start)) return 'JSON';
  if (/^(?:<!doctype html|<html)/i.test(start)) return 'an HTML page';
  return start.startsWith('<?xml') ? 'XML' : null;
}
