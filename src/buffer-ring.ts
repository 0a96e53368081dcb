/** Memory that is handed out piece by piece, over and over: a buffer for each chunk would keep the garbage collector busy. */
export class BufferRing {
  private readonly bytes: Buffer;
  private next = 0;

  /** @param size how many bytes are handed out before the first are handed out again, the last piece aside */
  constructor(private readonly size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size);
  }

  /** Room for the next piece, in which anything may stand; a piece that is larger than the ring gets memory of its own. */
  room(length: number): Buffer {
    if (length > this.size) return Buffer.allocUnsafeSlow(length);
    if (this.next + length > this.size) this.next = 0;
    return this.bytes.subarray(this.next, this.next + length);
  }

  /** Keeps the first bytes of the room that was given last. */
  keep(length: number): void {
    this.next += length;
  }
}
