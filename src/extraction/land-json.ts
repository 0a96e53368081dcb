import { FlatRecordCopier } from './copy-flat-record.js';
import { FileRefused } from './file-errors.js';
import { RecordFlattener, type RecordRefusal } from './flatten-record.js';
import type { DecodedText, LandedContent, Landing } from './landing.js';
import { NdjsonWriter } from './ndjson-writer.js';
import { readPart } from './read-chunks.js';
import { RecordColumns } from './record-columns.js';
import { splitDocument } from './split-document.js';
import { mostRecordBytes, splitLines } from './split-lines.js';
import { TextWindow } from './text-window.js';

/**
 * Lands JSON record by record. `lines`: every line is a record, and a broken one is a reject; `document`: one value, whose records are at
 * the source's `records`, and which is refused whole when it is broken; `auto` tells them apart. Throws FileRefused.
 */
export async function landJson(
  text: DecodedText,
  landing: Landing,
  options: { kind: 'auto' | 'lines'; readBytes?: number },
): Promise<LandedContent> {
  const { kind, readBytes } = options;
  const path = recordsPath(landing.source.records);
  const isLines = kind === 'lines' || (path.length === 0 && (await looksLikeLines(text)));
  if (isLines && path.length > 0) {
    throw new FileRefused(
      `records: expected "$" for JSON lines, got ${JSON.stringify(landing.source.records)}`,
      { line: 1 },
    );
  }
  const writer = await NdjsonWriter.open(landing);
  const columns = new RecordColumns();
  const window = new TextWindow(text.handle, { start: text.bomBytes, end: text.size, readBytes });
  const flattener = new RecordFlattener(columns, text.text.isUtf8);
  const copier = text.text.isUtf8 ? new FlatRecordCopier(columns, writer) : null;
  const sink = new JsonSink(window, writer, { flattener, copier });
  if (isLines) await splitLines(window, sink.forLines(), landing.signal);
  else if (text.size > text.bomBytes) await splitDocument(window, { path, sink, signal: landing.signal });
  return {
    detected: {
      format: isLines ? 'ndjson' : 'json',
      compression: text.compression,
      encoding: text.encoding,
      delimiter: null,
      header: null,
    },
    format: 'ndjson',
    path: writer.path,
    rawPath: text.path,
    dialect: null,
    ...(await writer.finish()),
    columns: columns.names,
    nested: columns.nestedNames(),
    numbers: columns.numbers(),
  };
}

/** JSON lines are told by their first two. */
const headBytes = 1 << 20;

class JsonSink {
  constructor(
    private readonly window: TextWindow,
    private readonly writer: NdjsonWriter,
    private readonly ways: { flattener: RecordFlattener; copier: FlatRecordCopier | null },
  ) {}

  takeFlat(start: number): number {
    const end = this.tryFlat(start, this.window.lineAt(start));
    if (end !== -1) this.ways.copier?.commit();
    return end;
  }

  /** A record of a document. */
  take(start: number, end: number): void {
    const refusal = this.land(start, end, this.window.lineAt(start));
    if (refusal === null || refusal.brokenAt === null) return;
    const place = { at: this.window.base + start + refusal.brokenAt };
    throw new FileRefused(refusal.reason, place, this.window.text.slice(start, end));
  }

  async flush(): Promise<void> {
    await this.writer.flush();
  }

  forLines(): Parameters<typeof splitLines>[1] {
    return {
      tryFlat: (start, line) => this.tryFlat(start, line),
      keepFlat: () => this.ways.copier?.commit(),
      take: (start, end, line) => this.takeLine(start, end, line),
      flush: async () => this.flush(),
      refuseLong: (start, line) => {
        const reason = `expected at most ${mostRecordBytes} bytes for one record, got more`;
        this.writer.addReject({
          line,
          column: null,
          reason,
          raw: this.window.text.slice(start, start + 100_000),
        });
      },
    };
  }

  private tryFlat(start: number, line: number): number {
    const { bytes, base } = this.window;
    return this.ways.copier?.copy(bytes, start, { line, at: base + start }) ?? -1;
  }

  private takeLine(start: number, end: number, line: number): void {
    const { text } = this.window;
    let first = start;
    let last = end;
    while (first < last && isBlank(text.charCodeAt(first))) first++;
    while (last > first && isBlank(text.charCodeAt(last - 1))) last--;
    if (first < last) this.land(first, last, line);
  }

  private land(start: number, end: number, line: number): RecordRefusal | null {
    const raw = this.window.text.slice(start, end);
    const landed = this.ways.flattener.flatten(raw, { line, at: this.window.base + start });
    if (typeof landed === 'string') {
      this.writer.add(landed);
      this.ways.copier?.learn(this.ways.flattener.order);
      return null;
    }
    const where = landed.brokenAt === null ? '' : `character ${countCharacters(raw, landed.brokenAt) + 1}: `;
    this.writer.addReject({ line, column: landed.column, reason: where + landed.reason, raw });
    return landed;
  }
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d;
}

/** Characters in the first `end` bytes of a window's text: those that do not continue one in UTF-8. */
function countCharacters(text: string, end: number): number {
  let count = 0;
  for (let at = 0; at < end; at++) if ((text.charCodeAt(at) & 0xc0) !== 0x80) count++;
  return count;
}

/** Member names of `$.a.b`. */
function recordsPath(records: string): string[] {
  return records === '$' ? [] : records.replace(/^\$\./, '').split('.');
}

/** A first line that is an object by itself, with another one under it, is JSON lines, whatever the file is called. */
async function looksLikeLines(text: DecodedText): Promise<boolean> {
  const length = Math.min(headBytes, text.size - text.bomBytes);
  const head = (await readPart(text.handle, text.bomBytes, length)).toString('latin1');
  const [first, second] = /^\s*(\{[^\n]*\})[^\S\n]*\n\s*(\S)/.exec(head)?.slice(1) ?? [];
  return first !== undefined && second === '{';
}
