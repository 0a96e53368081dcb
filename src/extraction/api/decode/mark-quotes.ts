import { randomBytes } from 'node:crypto';

/** How delimited text is quoted. */
export interface QuoteRules {
  delimiter: string;
  quote: string;
  /** Field texts that are null where they are not quoted. */
  nulls: readonly string[];
}

const nonce = randomBytes(12).toString('hex');
/** Before a quoted field text that would be null without its quotes. */
const TEXT = `\u0001${nonce}`;
/** In the place of a quote that is part of a field's text. */
const QUOTE = `\u0002${nonce}`;
/** At the end of a field that goes on behind its closing quote; before a quote of our own. */
const BAD_END = `\u0003${nonce}`;

/**
 * Makes a delimited text fit for a parser that takes a quote anywhere for the start of a quoted part, and would merge
 * records without a word: what quotes mean is settled here by RFC 4180, and told by marks that no text of others holds.
 * @returns the text, or what is wrong with it: a quote that nothing closes
 */
export function markQuotes(text: string, rules: QuoteRules): { text: string } | { fault: string } {
  const { quote, nulls } = rules;
  let marked = '';
  let from = 0;
  for (let start = text.indexOf(quote); start !== -1;) {
    let next = start + 1;
    if (start > 0 && !endsField(text[start - 1] as string, rules)) {
      marked += text.slice(from, start) + QUOTE;
      from = next;
    } else {
      const end = closingQuote(text, start, quote);
      if (end === -1)
        return { fault: `expected a closing quote for the one ${place(text, start)}, got the end` };
      if (nulls.includes(text.slice(next, end).replaceAll(quote + quote, quote))) {
        marked += text.slice(from, next) + TEXT;
        from = next;
      }
      next = end + 1;
      const fieldEnd = endOfField(text, next, rules);
      if (fieldEnd > next) {
        const rest = text.slice(next, fieldEnd).replaceAll(quote, QUOTE);
        marked += text.slice(from, end) + QUOTE + rest + BAD_END + quote;
        from = next = fieldEnd;
      }
    }
    start = text.indexOf(quote, next);
  }
  return { text: marked + text.slice(from) };
}

/** What a field says: null, its text, or undefined where it goes on behind its closing quote. */
export function readField(field: string, { quote, nulls }: QuoteRules): string | null | undefined {
  if (field.startsWith(TEXT)) return field.slice(TEXT.length);
  if (field.endsWith(BAD_END)) return undefined;
  const text = field.includes(QUOTE) ? field.replaceAll(QUOTE, quote) : field;
  return nulls.includes(text) ? null : text;
}

/** A piece of marked text as it was before. */
export function unmark(text: string, quote: string): string {
  return text
    .replaceAll(TEXT, '')
    .replaceAll(BAD_END + quote, '')
    .replaceAll(QUOTE, quote);
}

function closingQuote(text: string, start: number, quote: string): number {
  for (let at = text.indexOf(quote, start + 1); at !== -1; at = text.indexOf(quote, at + 2)) {
    if (text[at + 1] !== quote) return at;
  }
  return -1;
}

function endsField(char: string, { delimiter }: QuoteRules): boolean {
  return char === delimiter || char === '\n' || char === '\r';
}

function endOfField(text: string, from: number, rules: QuoteRules): number {
  let at = from;
  while (at < text.length && !endsField(text[at] as string, rules)) at++;
  return at;
}

function place(text: string, at: number): string {
  const before = text.slice(0, at);
  const lines = before.split(/\r\n|\r|\n/);
  return `at line ${lines.length}, character ${(lines.at(-1) ?? '').length + 1}`;
}
