/** Runs pieces of work one after the other in the background. What fails stops all that comes after it. */
export class OrderedWork {
  private readonly pieces: Promise<void>[] = [];

  /**
   * @param most how many pieces may be waiting or under way
   * @param onFailure called when a piece fails
   */
  constructor(
    private readonly most: number,
    private readonly onFailure: () => void,
  ) {}

  /** Adds a piece; waits while there are too many. Throws what an earlier one threw. */
  async add(work: () => Promise<void>): Promise<void> {
    const piece = (this.pieces.at(-1) ?? Promise.resolve()).then(work);
    piece.catch(this.onFailure);
    this.pieces.push(piece);
    while (this.pieces.length > this.most) await this.oldest();
  }

  /** Waits for all of it. Throws what the first that failed threw. */
  async finish(): Promise<void> {
    while (this.pieces.length > 0) await this.oldest();
  }

  private async oldest(): Promise<void> {
    await this.pieces[0];
    this.pieces.shift();
  }
}
