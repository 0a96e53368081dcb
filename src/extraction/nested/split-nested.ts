import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TerminalError } from '../../errors.js';
import { parseJson, rawText } from '../api/parse-json.js';
import type { LandedFile } from '../landed-file.js';
import { OpenFiles } from '../landing.js';
import { readLines } from '../read-lines.js';
import { ChildWriter } from './child-writer.js';
import { flattenValue, isFlattenable } from './flatten-value.js';
import { NestedColumns } from './nested-columns.js';
import type { ChildFile, NestedRules, SplitFile } from './nested-rules.js';

/** A landed record: its place, and a text or nothing for each column. */
type LandedRecord = Record<string, string | number | null>;

const linesAtOnce = 500;

/**
 * Takes the objects and arrays of landed records apart: members of objects become columns (`a`, U+001F, `b`), and the
 * elements of arrays records of files of their own. Records keep their places, and numbers their digits. A file without
 * any stays as it is.
 *
 * @param folder takes what is written; an earlier attempt's is written over
 * @throws TerminalError for names that no table can have, and for too many columns
 */
export async function splitNested(
  file: LandedFile,
  rules: NestedRules,
  { folder, signal }: { folder: string; signal?: AbortSignal },
): Promise<SplitFile> {
  const hasWork = rules.flatten > 0 || rules.childTables !== null;
  if (!hasWork || file.format !== 'ndjson' || file.nested.length === 0) return { file, children: [] };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const splitter = new NestedSplitter(file, rules, folder);
  try {
    return await splitter.split(signal);
  } finally {
    await splitter.close();
  }
}

class NestedSplitter {
  private readonly columns: NestedColumns;
  private readonly nested: Set<string>;
  private readonly children = new Map<string, ChildWriter>();
  private readonly opened: OpenFiles[] = [];
  /** What stands in the key's columns of the record at hand. */
  private readonly key = new Map<string, string | null>();
  private readonly names = new Map<string, string>();
  private arrays: { column: string; elements: unknown[] }[] = [];
  private line = '';
  private longest = 0;

  constructor(
    private readonly file: LandedFile,
    private readonly rules: NestedRules,
    private readonly folder: string,
  ) {
    this.columns = new NestedColumns(file);
    this.nested = new Set(file.nested);
  }

  async split(signal?: AbortSignal): Promise<SplitFile> {
    const out = await this.filesOf('').create('.ndjson');
    let lines: string[] = [];
    const flush = async () => {
      await out.handle.writeFile(lines.join(''));
      lines = [];
      for (const child of this.children.values()) await child.flush();
    };
    for await (const text of readLines(this.file.path, signal, this.file.shared)) {
      lines.push(await this.takeApart(JSON.parse(text) as LandedRecord));
      if (lines.length >= linesAtOnce) await flush();
    }
    await flush();
    const { shared: _shared, ...rest } = this.file;
    const file = { ...rest, path: out.path, ...this.columns.finish(), longest: this.longest };
    return { file, children: await this.finishChildren(signal) };
  }

  async close(): Promise<void> {
    for (const files of this.opened) await files.close();
  }

  /** The line of a record without what went elsewhere; its arrays go to their writers. */
  private async takeApart(record: LandedRecord): Promise<string> {
    this.key.clear();
    this.arrays = [];
    const { '#line': line, '#at': at, '#length': length } = record;
    this.line = `{"#line":${line},"#at":${at},"#length":${length}`;
    for (const [name, value] of Object.entries(record)) {
      if (typeof value !== 'number') this.take(name, value);
    }
    const { only } = this.rules.childTables ?? {};
    for (const { column, elements } of only?.has(Number(at)) === false ? [] : this.arrays) {
      const child = await this.childOf(column);
      child.add(elements, this.key, Number(line));
    }
    const text = `${this.line}}\n`;
    this.longest = Math.max(this.longest, Buffer.byteLength(text));
    return text;
  }

  private take(name: string, value: string | null): void {
    const value0 = value?.charCodeAt(0);
    const mayBeNested = this.nested.has(name) && (value0 === 0x7b || value0 === 0x5b);
    const parsed = mayBeNested ? parseNested(value as string) : undefined;
    if (parsed === undefined) return this.write(name, name, value);
    if (this.rules.flatten > 0 && isFlattenable(parsed)) {
      this.columns.split(name, name);
      flattenValue(name, parsed, this.rules.flatten, (inner, member) => this.give(inner, member, name));
      return;
    }
    this.give(name, parsed, name);
  }

  /** Puts a parsed value where it belongs. */
  private give(name: string, value: unknown, top: string): void {
    if (Array.isArray(value) && this.rules.childTables !== null) {
      this.columns.split(name, top);
      this.arrays.push({ column: name, elements: value });
      return;
    }
    const text = value === null ? null : rawText(value);
    this.write(name, top, text, text !== null && typeof value === 'object' && /^[[{]/.test(text));
    if (text !== null) this.columns.mark(name, value);
  }

  private write(name: string, top: string, text: string | null, isNested = false): void {
    if (text === null && name === top) return;
    this.line += this.columns.use(name, top, isNested) + JSON.stringify(text);
    const own = this.nameOf(name);
    if (this.rules.childTables?.key.includes(own)) this.key.set(own, text);
  }

  private nameOf(source: string): string {
    const known = this.names.get(source) ?? this.rules.nameOf(source);
    this.names.set(source, known);
    return known;
  }

  private async childOf(column: string): Promise<ChildWriter> {
    const known = this.children.get(column);
    if (known) return known;
    const parent = this.rules.childTables!;
    const made = await ChildWriter.open(this.nameOf(column), parent, this.filesOf(column));
    for (const [other, { table }] of this.children) {
      if (table !== made.table) continue;
      const got = `${JSON.stringify(other)} and ${JSON.stringify(column)}`;
      const message = `${this.file.name}: expected arrays of different names, got ${got}, which both become ${table}; give one another name by rename`;
      throw new TerminalError('COLUMN_NAME', message);
    }
    this.children.set(column, made);
    return made;
  }

  private async finishChildren(signal?: AbortSignal): Promise<ChildFile[]> {
    const all: ChildFile[] = [];
    for (const child of this.children.values()) {
      const made = await child.finish(this.file);
      const { folder } = this;
      const { file, children } = await splitNested(made.file, child.rules(this.rules), { folder, signal });
      all.push({ ...made, file }, ...children);
    }
    return all;
  }

  private filesOf(column: string): OpenFiles {
    const { source, name, path } = this.file;
    const digest = createHash('sha256')
      .update(JSON.stringify([source, name, path, column]))
      .digest('hex');
    const files = new OpenFiles(join(this.folder, digest.slice(0, 32)));
    this.opened.push(files);
    return files;
  }
}

/** undefined: a text that only looks like JSON. */
function parseNested(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
