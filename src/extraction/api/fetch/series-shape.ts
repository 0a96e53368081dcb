import { ApiRefused } from '../api-errors.js';
import type { DecodedBody, RecordsShape } from '../decode/page-decoder.js';
import type { SavedPage } from './page-checkpoints.js';

const MOST_NAMES = 200;

interface Page extends Pick<DecodedBody, 'shape' | 'names'> {
  /** For messages. */
  url: string;
  status: number;
}

/**
 * What the pages of one series have in common, whatever their records are. An answer of another shape among them is no page
 * but something else that came with a status of success: what it holds is not data, and it is not the end.
 */
export class SeriesShape {
  private shape: RecordsShape | null = null;
  private names: string[] | null = null;

  /** Goes on from the pages of an earlier attempt. */
  restore(pages: readonly Pick<SavedPage, 'shape' | 'names'>[]): void {
    for (const { shape, names } of pages) this.note({ shape: shape ?? 'none', names });
  }

  /** Throws ApiRefused for a page unlike those before it. */
  take({ url, status, shape, names }: Page): void {
    const refuse = (reason: string): ApiRefused =>
      new ApiRefused('API_PAGE_DIFFERS', `${reason} (${url})`, status);
    // Null is how some servers write an empty list, those in Go for one.
    const isEmpty = status === 204 || status === 205 || (shape === 'null' && this.shape === 'list');
    if (this.shape !== null && shape !== this.shape && !isEmpty)
      throw refuse(`expected ${say(this.shape)}, as on the pages before, got ${say(shape)}${hint(shape)}`);
    if (this.names !== null && names !== undefined && names.length > 0 && !areSame(names, this.names))
      throw refuse(
        `expected a header with ${list(this.names)}, in any order, as on the pages before, got ${list(names)}`,
      );
    this.note({ shape, names });
  }

  private note({ shape, names }: Pick<Page, 'shape' | 'names'>): void {
    if (shape === 'list' || shape === 'one') this.shape ??= shape;
    if (names !== undefined && names.length > 0) this.names ??= names;
  }
}

function areSame(names: readonly string[], others: readonly string[]): boolean {
  return names.length === others.length && names.every((name) => others.includes(name));
}

function say(shape: RecordsShape): string {
  if (shape === 'null') return 'null';
  if (shape === 'none') return 'null or an empty object';
  return shape === 'list' ? 'a list of records' : 'one record';
}

function hint(shape: RecordsShape): string {
  return shape === 'none' ? '; where that means the end, let a total or has_more say so before' : '';
}

function list(names: readonly string[]): string {
  const shown = names.map((name) => JSON.stringify(name)).join(', ');
  return shown.length > MOST_NAMES ? `${shown.slice(0, MOST_NAMES)}…` : shown;
}
