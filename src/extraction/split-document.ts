import { FileRefused } from './file-errors.js';
import { isJson } from './is-json.js';
import { locateJsonError, showAt } from './locate-json-error.js';
import { scanValue, skipBlanks, skipSpace } from './scan-json.js';
import { mostRecordBytes } from './split-lines.js';
import { decodeSlice, type TextWindow } from './text-window.js';

export interface RecordSink {
  /** Takes the record at `start` the short way and returns the position after it, or -1. */
  takeFlat(start: number): number;
  /** A record: positions in the window. Throws FileRefused when it breaks the document. */
  take(start: number, end: number): void;
  /** Called before the window moves on. */
  flush(): Promise<void>;
}

/** What an array's reader has just passed: its bracket, a comma, an element, or its end. */
type ArrayState = 'first' | 'element' | 'after' | 'closed';

/** The last of so many parts of a window is its end: its records may wait for the next one, which has them at its beginning. */
const WINDOW_ENDS = 16;
const COMMA = 0x2c;
const CLOSE = 0x5d;

/**
 * Goes through one JSON document and hands out the records at `path` (member names from the top; none: the top itself): the elements of
 * an array one by one, or one object. Holds one record at a time in memory. Throws FileRefused for a document that is
 * not JSON (RFC 8259) up to its end, or that has nothing at the path.
 */
export async function splitDocument(
  window: TextWindow,
  options: { path: string[]; sink: RecordSink; signal?: AbortSignal },
): Promise<void> {
  await new DocumentSplitter(window, options.sink, options.signal).run(options.path);
}

class DocumentSplitter {
  private at = 0;

  constructor(
    private readonly window: TextWindow,
    private readonly sink: RecordSink,
    private readonly signal?: AbortSignal,
  ) {}

  async run(path: string[]): Promise<void> {
    await this.descend(path, '$');
    if ((await this.peek()) !== '') throw this.unexpected('the end of the document');
  }

  private async descend(path: string[], way: string): Promise<void> {
    const [name, ...rest] = path;
    if (name === undefined) {
      if ((await this.peek()) === '[') await this.takeArray();
      else await this.takeOne(way);
      return;
    }
    if ((await this.peek()) !== '{') throw this.unexpected(`an object at ${way}`);
    let isFound = false;
    for (let next = await this.afterOpening('}'); next !== '}'; next = await this.afterValue('}')) {
      const isMember = (await this.readKey()) === name;
      if (isMember && isFound)
        throw new FileRefused(`expected ${way}.${name} once, got it twice`, this.place(this.at));
      if (isMember) await this.descend(rest, `${way}.${name}`);
      else await this.skipValue();
      isFound ||= isMember;
    }
    if (!isFound)
      throw new FileRefused(`expected records at ${way}.${name}, got nothing there`, this.place(this.at));
  }

  private async takeOne(way: string): Promise<void> {
    const [start, end] = await this.scan();
    if (way !== '$' && this.window.text[start] !== '{') {
      this.check(start, end);
      throw new FileRefused(
        `expected an array or an object at ${way}, got ${showAt(this.window.text, start)}`,
        this.place(start),
      );
    }
    this.sink.take(start, end);
    this.at = end;
  }

  private async takeArray(): Promise<void> {
    this.at++;
    let state: ArrayState = 'first';
    for (;;) {
      state = this.takeElements(state);
      if (state === 'closed') return;
      await this.more(state === 'after' ? '"," or "]"' : 'a value');
    }
  }

  /** The hot loop: hands out the elements that lie whole in the window, without a promise between them. */
  private takeElements(from: ArrayState): ArrayState {
    const { bytes, length, isLast } = this.window;
    let state = from;
    for (;;) {
      this.at = skipBlanks(bytes, this.at);
      if (this.at >= length) return state;
      const code = bytes[this.at];
      if (code === CLOSE && state !== 'element') {
        this.at++;
        return 'closed';
      }
      if (state === 'after') {
        if (code !== COMMA) throw this.unexpected('"," or "]"');
        this.at++;
        state = 'element';
        continue;
      }
      let end = this.sink.takeFlat(this.at);
      if (end === -1) {
        // Most likely cut: the next window has it whole, and does not need this one's text.
        if (!isLast && (length - this.at) * WINDOW_ENDS <= length) return state;
        end = scanValue(this.window.text, this.at, isLast);
        if (end === -1) return state;
        if (end === this.at) throw this.unexpected('a value');
        this.sink.take(this.at, end);
      }
      this.at = end;
      state = 'after';
    }
  }

  /** The next character that is not white space, '' at the end; `at` is on it. */
  private async peek(): Promise<string> {
    for (;;) {
      this.at = skipSpace(this.window.text, this.at);
      if (this.at < this.window.length) return this.window.text[this.at] as string;
      if (this.window.isLast) return '';
      await this.refill();
    }
  }

  private async afterOpening(closer: string): Promise<string> {
    this.at++;
    const next = await this.peek();
    if (next === closer) this.at++;
    return next;
  }

  private async afterValue(closer: string): Promise<string> {
    const next = await this.peek();
    if (next !== ',' && next !== closer) throw this.unexpected(`"," or "${closer}"`);
    this.at++;
    return next === closer ? closer : this.peek();
  }

  private async readKey(): Promise<string> {
    if ((await this.peek()) !== '"') throw this.unexpected('a name in quotes');
    const [start, end] = await this.scan();
    this.check(start, end);
    const name = JSON.parse(decodeSlice(this.window.text.slice(start, end))) as string;
    this.at = end;
    if ((await this.peek()) !== ':') throw this.unexpected('":"');
    this.at++;
    return name;
  }

  private async skipValue(): Promise<void> {
    const [start, end] = await this.scan();
    this.check(start, end);
    this.at = end;
  }

  /** Brings the whole value that comes next into the window. */
  private async scan(): Promise<[number, number]> {
    if ((await this.peek()) === '') throw this.unexpected('a value');
    for (;;) {
      const end = scanValue(this.window.text, this.at, this.window.isLast);
      if (end === this.at) throw this.unexpected('a value');
      if (end !== -1) return [this.at, end];
      await this.more('a value');
    }
  }

  private check(start: number, end: number): void {
    if (!isJson(this.window.text.slice(start, end))) throw this.broken(start, end);
  }

  /** Reads on in the middle of something. Throws FileRefused when there is no more, or when it has become too long. */
  private async more(expected: string): Promise<void> {
    const { length, isLast } = this.window;
    if (isLast) throw this.at < length ? this.broken(this.at, length) : this.unexpected(expected);
    if (length - this.at > mostRecordBytes) {
      throw new FileRefused(
        `expected at most ${mostRecordBytes} bytes for one value, got more`,
        this.place(this.at),
      );
    }
    await this.refill();
  }

  private async refill(): Promise<void> {
    await this.sink.flush();
    this.signal?.throwIfAborted();
    await this.window.refill(this.at);
    this.at = 0;
  }

  private broken(start: number, end: number): FileRefused {
    const slice = this.window.text.slice(start, end);
    const fault = locateJsonError(slice);
    const reason =
      fault === null ? 'expected JSON, got other text' : `expected ${fault.expected}, got ${fault.got}`;
    return new FileRefused(reason, this.place(start + (fault?.at ?? 0)), slice);
  }

  private unexpected(expected: string): FileRefused {
    const { text } = this.window;
    return new FileRefused(
      `expected ${expected}, got ${showAt(text, this.at)}`,
      this.place(this.at),
      text.slice(this.at),
    );
  }

  private place(position: number): { at: number } {
    return { at: this.window.base + position };
  }
}
