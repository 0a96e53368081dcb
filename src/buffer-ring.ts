/** What the first pieces are of; each further memory is twice as large, up to the ring's size. */
const FIRST = 256 << 10;
const GROWTH = 2;

/**
 * Memory that is handed out piece by piece, over and over: a buffer for each chunk would keep the garbage collector busy,
 * and so would a large one for the few chunks that there often are.
 */
export class BufferRing {
  private bytes: Buffer;
  private next = 0;

  /** @param size how many bytes are handed out before the first are handed out again, the last piece aside */
  constructor(private readonly size: number) {
    this.bytes = Buffer.allocUnsafeSlow(Math.min(size, FIRST));
  }

  /** Room for the next piece, in which anything may stand; a piece that is larger than the ring gets memory of its own. */
  room(length: number): Buffer {
    if (length > this.size) return Buffer.allocUnsafeSlow(length);
    if (this.next + length > this.bytes.length) this.begin(length);
    return this.bytes.subarray(this.next, this.next + length);
  }

  /** Keeps the first bytes of the room that was given last. */
  keep(length: number): void {
    this.next += length;
  }

  /** From the front again, once the memory is as large as it is to be. */
  private begin(length: number): void {
    const larger = Math.min(Math.max(this.bytes.length * GROWTH, length), this.size);
    if (this.bytes.length < this.size) this.bytes = Buffer.allocUnsafeSlow(larger);
    this.next = 0;
  }
}
