import { type CST, Lexer, type LineCounter, Parser } from 'yaml';
import type { ErrorDetail } from '../errors.js';
import { positionAt } from './text-position.js';

/** Most bytes of a config text. */
export const MAX_CONFIG_BYTES = 256 * 1024;
const MAX_DEPTH = 32;
const MAX_TOKENS = 20_000;

const NO_DIRECTIVE = 'expected no directive, got a line that starts with %';

// oxlint-disable-next-line no-control-regex -- these are what YAML 1.2 forbids
const CONTROL_CHARACTERS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/**
 * Splits a text into the parser's tokens, or says why it must not be read: too long, too deep, too many parts, a
 * control character. Composing a document recurses, and some thousand levels abort the process; this pass keeps its
 * levels on a stack of its own, which is looked at after every word.
 */
export function tokenizeYaml(
  text: string,
  lines: LineCounter,
): { tokens: CST.Token[] } | { fault: ErrorDetail } {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_CONFIG_BYTES)
    return fault(text, 0, `expected at most ${MAX_CONFIG_BYTES} bytes, got ${bytes}`);
  const control = text.search(CONTROL_CHARACTERS);
  if (control >= 0) return fault(text, control, describeControl(text, control));
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  let words = 0;
  let documents = 0;
  lines.addNewLine(0);
  for (const word of new Lexer().lex(text)) {
    for (const token of parser.next(word)) {
      tokens.push(token);
      if (token.type === 'document') documents++;
    }
    if (documents > 2) return fault(text, parser.offset, 'expected one document, got many');
    if (tokens.at(-1)?.type === 'directive') return fault(text, parser.offset, NO_DIRECTIVE);
    if (word.trim() !== '' && ++words > MAX_TOKENS) {
      return fault(text, parser.offset, `expected at most ${MAX_TOKENS} words and signs, got more`);
    }
    // The lowest entry is the document, the highest the value that is being read.
    if (parser.stack.length > MAX_DEPTH + 2) {
      return fault(
        text,
        parser.offset,
        `expected at most ${MAX_DEPTH} levels, one inside the other, got more`,
      );
    }
  }
  for (const token of parser.end()) tokens.push(token);
  return { tokens };
}

function fault(text: string, offset: number, message: string): { fault: ErrorDetail } {
  return { fault: { path: '', ...positionAt(text, offset), message } };
}

function describeControl(text: string, offset: number): string {
  const code = text.charCodeAt(offset).toString(16).toUpperCase().padStart(4, '0');
  return `expected printable text, got the control character U+${code}`;
}
