import { isUtf8 } from 'node:buffer';

/** What one pass over a file's bytes tells about it as text. */
export interface TextTraits {
  isUtf8: boolean;
  hasNul: boolean;
  /** `mixed`: more than one kind, or a CR that stands alone. */
  lineEnds: 'none' | 'lf' | 'crlf' | 'mixed';
}

const LF = 10;
const CR = 13;

/** Learns the traits of a text that comes in chunks, in constant memory and with the engine's own searches. */
export class TextProbe {
  private readonly traits: TextTraits = { isUtf8: true, hasNul: false, lineEnds: 'none' };
  /** A character that the last chunk left unfinished. */
  private pending: Buffer = Buffer.alloc(0);
  private endedInCr = false;

  update(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (!this.traits.hasNul) this.traits.hasNul = chunk.includes(0);
    if (this.traits.isUtf8) this.checkUtf8(chunk);
    if (this.traits.lineEnds !== 'mixed') this.checkLineEnds(chunk);
  }

  finish(): TextTraits {
    if (this.pending.length > 0) this.traits.isUtf8 = false;
    if (this.endedInCr) this.traits.lineEnds = 'mixed';
    return { ...this.traits };
  }

  private checkUtf8(chunk: Buffer): void {
    let rest = chunk;
    if (this.pending.length > 0) {
      const missing = lengthOf(this.pending[0] as number) - this.pending.length;
      const character = Buffer.concat([this.pending, chunk.subarray(0, missing)]);
      rest = chunk.subarray(missing);
      const isWhole = chunk.length >= missing;
      this.pending = isWhole ? Buffer.alloc(0) : character;
      if (isWhole && !isUtf8(character)) this.traits.isUtf8 = false;
      if (!isWhole) return;
    }
    const tail = unfinishedBytes(rest);
    if (!isUtf8(rest.subarray(0, rest.length - tail))) this.traits.isUtf8 = false;
    this.pending = Buffer.from(rest.subarray(rest.length - tail));
  }

  private checkLineEnds(chunk: Buffer): void {
    let cr = chunk.indexOf(CR);
    if (cr === -1 && !this.endedInCr) {
      if (chunk.includes(LF)) this.meet('lf');
      return;
    }
    if (this.endedInCr) this.meet(chunk[0] === LF ? 'crlf' : 'mixed');
    let from = this.endedInCr && chunk[0] === LF ? 1 : 0;
    this.endedInCr = chunk.at(-1) === CR;
    while (this.traits.lineEnds !== 'mixed') {
      const lf = chunk.indexOf(LF, from);
      if (cr !== -1 && cr < from) cr = chunk.indexOf(CR, from);
      const isCrBefore = cr !== -1 && (lf === -1 || cr < lf);
      if (isCrBefore && cr !== (lf === -1 ? chunk.length : lf) - 1) this.meet('mixed');
      else if (lf !== -1) this.meet(isCrBefore ? 'crlf' : 'lf');
      if (lf === -1) return;
      from = lf + 1;
    }
  }

  private meet(lineEnds: TextTraits['lineEnds']): void {
    const had = this.traits.lineEnds;
    this.traits.lineEnds = had === 'none' || had === lineEnds ? lineEnds : 'mixed';
  }
}

function lengthOf(lead: number): number {
  return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
}

/** Bytes at the end that begin a character without finishing it. */
function unfinishedBytes(chunk: Buffer): number {
  for (let back = 1; back <= Math.min(3, chunk.length); back++) {
    const byte = chunk[chunk.length - back] as number;
    if (byte >= 0xc0) return lengthOf(byte) > back ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}
