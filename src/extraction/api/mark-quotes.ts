/** How delimited text is quoted. */
export interface QuoteRules {
  delimiter: string;
  quote: string;
  /** Field texts that are null where they are not quoted. */
  nulls: readonly string[];
  /** Put before a quoted field text that would be null without its quotes, so that it is known afterwards. */
  mark: string;
}

/**
 * Checks that quotes stand around whole fields and are closed (RFC 4180), and gives the text with quoted nulls marked.
 * The parser takes a quote anywhere for the start of a quoted part, and would merge records without a word.
 * @returns what is wrong with the text instead, `fault`
 */
export function markQuotes(text: string, rules: QuoteRules): { text: string } | { fault: string } {
  const { quote, nulls, mark } = rules;
  let marked = '';
  let from = 0;
  for (let start = text.indexOf(quote); start !== -1;) {
    if (start > 0 && !endsField(text[start - 1], rules))
      return { fault: `expected quotes around whole fields, got one inside a field ${place(text, start)}` };
    const end = closingQuote(text, start, quote);
    if (end === -1)
      return { fault: `expected a closing quote for the one ${place(text, start)}, got the end` };
    if (end + 1 < text.length && !endsField(text[end + 1], rules))
      return { fault: `expected the end of a field behind a closing quote, got more ${place(text, end)}` };
    if (nulls.includes(text.slice(start + 1, end).replaceAll(quote + quote, quote))) {
      marked += text.slice(from, start + 1) + mark;
      from = start + 1;
    }
    start = text.indexOf(quote, end + 1);
  }
  return { text: marked + text.slice(from) };
}

function closingQuote(text: string, start: number, quote: string): number {
  for (let at = text.indexOf(quote, start + 1); at !== -1; at = text.indexOf(quote, at + 2)) {
    if (text[at + 1] !== quote) return at;
  }
  return -1;
}

function endsField(char: string | undefined, { delimiter }: QuoteRules): boolean {
  return char === delimiter || char === '\n' || char === '\r';
}

function place(text: string, at: number): string {
  const before = text.slice(0, at);
  const lines = before.split(/\r\n|\r|\n/);
  return `at line ${lines.length}, character ${(lines.at(-1) ?? '').length + 1}`;
}
