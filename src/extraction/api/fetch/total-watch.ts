/**
 * Watches the total that the pages of a series tell of. One that falls while pages are asked for by their place means that
 * records were deleted: those behind them moved up, some maybe to a page that was read already.
 */
export class TotalWatch {
  private first: number | null = null;
  private last: number | null = null;
  private isTold = false;

  /**
   * To be called for each page in the order of the series.
   * @param total 0: not counted
   * @param before records of the pages before it
   * @returns what to say, once for a series; null: nothing
   */
  take(total: number | null | undefined, before: number): string | null {
    if (!total) return null;
    const earlier = this.last;
    this.first ??= total;
    this.last = total;
    // Some count what is left from the page on.
    const isRest = total + before === this.first;
    if (this.isTold || earlier === null || total >= earlier || isRest) return null;
    this.isTold = true;
    return (
      `the API told of ${earlier} records in all, then of ${total}: where records were deleted while the pages were read, ` +
      'others may have moved to a page that was read already and are missing; read it again, or page by keyset or cursor'
    );
  }
}
