import type { ApiCursor } from '../../../config-history/api-source-config.js';
import { TerminalError } from '../../../errors.js';
import type { CursorKind } from './cursor-kind.js';
import { cursorKind, cursorKindOf } from './cursor-kinds.js';
import { compilePath, textAt, type FindValues } from '../json-path.js';

/**
 * From where on to ask: the stored value minus the lookback, else the config's start; null: for everything. Throws
 * TerminalError when the value does not have the cursor's format.
 * @param stored the highest value that was loaded so far
 */
export function cursorStart(cursor: ApiCursor, stored: string | null): string | null {
  const value = stored ?? cursor.start;
  if (value === null) return null;
  const kind = cursorKind(cursor.format, value);
  if (kind.read(value) !== null) return kind.write(value, stored === null ? 0 : cursor.lookback);
  const [place, way] =
    stored === null ? ['cursor.start', ''] : ['the stored cursor', ', or a reset of the stream'];
  const got = JSON.stringify(value.slice(0, 100));
  const message = `${place}: expected a value of the format ${cursor.format}${way}, got ${got}`;
  throw new TerminalError('CURSOR_UNREADABLE', message);
}

/** What the records of a page tell about a cursor. */
export interface PageCursor {
  /** The highest value, as the API wrote it; null: no record has one. */
  highest: string | null;
  /** Records without a value that can be used: none, one of another kind, or a time more than a day ahead. */
  unreadable: number;
}

/** The highest value of one cursor, over pages and records that come in any order. */
export class CursorTrack {
  private readonly find: FindValues;
  private kind: CursorKind<unknown> | null = null;
  private highest: Value | null = null;

  /**
   * @param stored the highest value so far: what is found never falls below it
   * @param now milliseconds since the epoch
   */
  constructor(
    private readonly cursor: ApiCursor,
    stored: string | null,
    private readonly now = Date.now(),
  ) {
    this.find = compilePath(cursor.field);
    if (stored !== null) this.raise(stored);
  }

  /** As the API wrote it; null: there was none. */
  get value(): string | null {
    return this.highest?.text ?? null;
  }

  readPage(records: readonly unknown[]): PageCursor {
    let highest: Value | null = null;
    let unreadable = 0;
    const texts = records.map((record) => textAt(record, this.find));
    this.settleKind(texts);
    for (const text of texts) {
      const value = text === null ? null : text === highest?.text ? highest : this.readPresent(text);
      if (value === null) unreadable++;
      else highest = this.higher(highest, value);
    }
    return { highest: highest?.text ?? null, unreadable };
  }

  raise(text: string): void {
    const value = this.read(text);
    if (value !== null) this.highest = this.higher(this.highest, value);
  }

  /** By the whole first page with values: one text among times must not make them texts. */
  private settleKind(texts: readonly (string | null)[]): void {
    if (this.kind !== null) return;
    const values = texts.filter((text) => text !== null);
    if (values.length > 0) this.kind = cursorKindOf(this.cursor.format, values);
  }

  /** null for what would move the cursor out of reach as well. */
  private readPresent(text: string): Value | null {
    const value = this.read(text);
    return value !== null && this.kind?.isAhead?.(value.key, this.now) ? null : value;
  }

  private read(text: string): Value | null {
    this.kind ??= cursorKind(this.cursor.format, text);
    const key = this.kind.read(text);
    return key === null ? null : { text, key };
  }

  private higher(a: Value | null, b: Value): Value {
    return a === null || (this.kind !== null && this.kind.compare(b.key, a.key) > 0) ? b : a;
  }
}

interface Value {
  text: string;
  key: unknown;
}
