import {
  Composer,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type YAMLError,
} from 'yaml';
import type { ErrorDetail } from '../errors.js';
import type { TextPosition } from './text-position.js';
import { tokenizeYaml } from './yaml-guard.js';

/** Keys that would reach into an object's prototype wherever the config is copied. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Where a value of the YAML stands, and what is inside it. */
export interface YamlPlace {
  /** Of its key; the value's own place where it has none. */
  key: TextPosition;
  value: TextPosition;
  /** Offsets of the value in the text: begin and end, in UTF-16 units. */
  range: [number, number];
  inside: Map<string | number, YamlPlace>;
}

const TAG_CODES: ReadonlySet<string> = new Set(['TAG_RESOLVE_FAILED', 'BAD_COLLECTION_TYPE']);

export interface YamlReading {
  /** Plain objects, arrays and scalars; what was refused is left out. Undefined when nothing could be read. */
  value: unknown;
  place: YamlPlace;
  faults: ErrorDetail[];
  /** The text is not YAML at some place, so that what follows it may have been read as something else. */
  isBroken: boolean;
}

/** Reads one YAML document with the place of every value. Never throws: what is wrong stands in `faults`. */
export function readYaml(text: string): YamlReading {
  const lines = new LineCounter();
  const split = tokenizeYaml(text, lines);
  if ('fault' in split)
    return { value: undefined, place: emptyPlace(), faults: [split.fault], isBroken: true };
  // The composer's own check for repeated keys compares each with each; NodeReader does it with a set.
  const composer = new Composer({ lineCounter: lines, uniqueKeys: false });
  const [document, second] = [...composer.compose(split.tokens, true, text.length)];
  const reader = new NodeReader(text, lines);
  if (!document) return { value: undefined, place: emptyPlace(), faults: [], isBroken: false };
  if (second) reader.refuse('', second.range[0], 'expected one document, got a second one');
  // NodeReader refuses every tag by itself, and knows its path.
  const errors = document.errors.filter(({ code }) => !TAG_CODES.has(code));
  const warnings = document.warnings.filter(({ code }) => !TAG_CODES.has(code));
  for (const error of [...errors, ...warnings]) reader.refuse('', error.pos[0], explain(error));
  const { value, place } = reader.read(document.contents as Node | null, '');
  return { value, place, faults: reader.faults, isBroken: errors.length > 0 };
}

function emptyPlace(): YamlPlace {
  const start = { line: 1, column: 1 };
  return { key: start, value: start, range: [0, 0], inside: new Map() };
}

function keyPath(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** Turns nodes into plain values. Written out instead of the parser's `toJS` to refuse what a config must not use. */
class NodeReader {
  readonly faults: ErrorDetail[] = [];

  constructor(
    private readonly text: string,
    private readonly lines: LineCounter,
  ) {}

  refuse(path: string, offset: number, message: string): void {
    this.faults.push({ path, ...this.positionOf(offset), message });
  }

  read(node: Node | null | undefined, path: string): { value: unknown; place: YamlPlace } {
    const [start, end] = node?.range ?? [0, 0];
    const at = this.positionOf(start);
    const place: YamlPlace = { key: at, value: at, range: [start, end], inside: new Map() };
    if (!node) return { value: null, place };
    if (isAlias(node)) this.refuse(path, start, 'expected the value itself, got an alias (*name)');
    else if (node.tag) this.refuse(path, start, 'expected a value without a tag, got a tag (!name)');
    else if (isMap(node)) return { value: this.readMap(node.items, path, place), place };
    else if (isSeq(node)) return { value: this.readList(node.items as Node[], path, place), place };
    else if (isScalar(node)) {
      if (isRespelt(node)) this.refuse(path, start, RESPELT);
      return { value: node.value, place };
    }
    return { value: undefined, place };
  }

  private readList(items: Node[], path: string, place: YamlPlace): unknown[] {
    return items.map((item, index) => {
      // `[a: b]` is a list that holds a pair, which reads as a map of one key.
      const node = isPair(item) ? (item as unknown as Node) : item;
      const read = this.read(node, `${path}[${index}]`);
      place.inside.set(index, read.place);
      return read.value;
    });
  }

  private readMap(items: unknown[], path: string, place: YamlPlace): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (const item of items) {
      if (!isPair<Node, Node | null>(item)) continue;
      const start = item.key?.range?.[0] ?? place.range[0];
      const key = this.readKey(item.key, path, start);
      if (key === undefined) continue;
      const inner = keyPath(path, key);
      if (place.inside.has(key)) {
        this.refuse(inner, start, 'expected each key once, got it a second time');
        continue;
      }
      const read = this.read(item.value, inner);
      const keyPosition = this.positionOf(start);
      if (!item.value?.range) read.place.value = keyPosition;
      read.place.key = keyPosition;
      place.inside.set(key, read.place);
      if (read.value !== undefined) map[key] = read.value;
    }
    return map;
  }

  private readKey(key: Node | null, path: string, start: number): string | undefined {
    if (!isScalar(key) || key.value === null) this.refuse(path, start, 'expected a key that is one word');
    else if (key.tag) this.refuse(path, start, 'expected a key without a tag, got a tag (!name)');
    else {
      const name = key.source ?? String(key.value);
      if (name === '<<')
        this.refuse(keyPath(path, name), start, 'expected a key, got the merge key "<<"; write the keys out');
      else if (FORBIDDEN_KEYS.has(name))
        this.refuse(keyPath(path, name), start, `expected another key than "${name}"`);
      else return name;
    }
    return undefined;
  }

  private positionOf(offset: number): TextPosition {
    const { line, col } = this.lines.linePos(offset);
    const hasMark = line <= 1 && this.text.startsWith('\uFEFF');
    return { line: Math.max(1, line), column: Math.max(1, hasMark ? col - 1 : col) };
  }
}

const RESPELT =
  'expected a whole number as it prints, or a text in quotes, got another spelling of a number, such as 007 or 2.0';

/** A whole number that would print otherwise: `2.0` may be a version, `007` a code, and too many digits are rounded. */
function isRespelt({ value, source }: { value: unknown; source?: string }): boolean {
  return Number.isInteger(value) && source !== undefined && String(value) !== source;
}

/** The parser's sentences may quote the line, which may hold a secret; these do not. */
function explain(error: YAMLError): string {
  return EXPLANATIONS[error.code] ?? 'expected YAML, got something that is not';
}

const EXPLANATIONS: Partial<Record<YAMLError['code'], string>> = {
  BAD_ALIAS: 'expected a value, got a broken alias or anchor (* or &); put the text in quotes',
  BAD_DIRECTIVE: 'expected no directive, got a line that starts with %',
  BAD_DQ_ESCAPE:
    'expected an escape that YAML knows, got another one; use single quotes to have \\ stand for itself',
  BAD_INDENT: 'expected the indentation of the lines around it or a closing bracket, got neither',
  BAD_SCALAR_START: 'expected a value, got a sign that no value starts with; put the text in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'expected one "key: value" on a line, got more; put a text that holds ": " in quotes',
  BLOCK_IN_FLOW: 'expected values between the brackets, got indented lines',
  KEY_OVER_1024_CHARS: 'expected a key of at most 1024 characters, got a longer one',
  MISSING_CHAR: 'expected a closing bracket or quote, a comma, a colon or a space here, got something else',
  MULTILINE_IMPLICIT_KEY: 'expected "key: value", got lines without a colon',
  MULTIPLE_DOCS: 'expected one document, got a second one',
  TAB_AS_INDENT: 'expected spaces as indentation, got a tab',
  UNEXPECTED_TOKEN: 'expected a key or a value, got something else',
};
