import { countFields } from './count-fields.js';

/** In the order in which they win a tie. */
const candidates = [',', '\t', ';', '|'];
const mostRecords = 2_000;

export interface DelimiterGuess {
  delimiter: string;
  /** Fields of most records. */
  fields: number;
  /** Share of the records that have that many, 0 to 1. */
  consistency: number;
  /** Records that were counted. */
  records: number;
}

/**
 * Finds the delimiter that splits most records of a sample into the same number of fields, two at least; null where none does. At equal
 * consistency the one that splits the first record (the header) the same way wins. `isWhole`: the sample is the whole text.
 */
export function detectDelimiter(
  sample: string,
  quote: string | null,
  isWhole: boolean,
): DelimiterGuess | null {
  const guesses = candidates.flatMap((delimiter) => guess(sample, { delimiter, quote }, isWhole));
  guesses.sort((a, b) => b.consistency - a.consistency || b.headerFits - a.headerFits || b.fields - a.fields);
  return guesses[0] ?? null;
}

function guess(
  sample: string,
  dialect: { delimiter: string; quote: string | null },
  isWhole: boolean,
): (DelimiterGuess & { headerFits: number })[] {
  if (!sample.includes(dialect.delimiter)) return [];
  const split = countFields(sample, dialect, mostRecords);
  const whole = split.isCut && (!isWhole || split.isInQuotes) ? split.counts.slice(0, -1) : split.counts;
  // A record longer than the sample: its part is all there is to go by.
  const counts = (whole.length > 0 ? whole : split.counts).filter((count) => count > 0);
  const header = counts[0] ?? 0;
  const frequencies = new Map<number, number>();
  for (const count of counts) frequencies.set(count, (frequencies.get(count) ?? 0) + 1);
  const ranked = [...frequencies].sort(
    ([a, x], [b, y]) => y - x || Number(b === header) - Number(a === header),
  );
  const [fields, times] = ranked[0] ?? [0, 0];
  if (fields < 2) return [];
  const consistency = times / counts.length;
  return [
    {
      delimiter: dialect.delimiter,
      fields,
      consistency,
      records: counts.length,
      headerFits: Number(fields === header),
    },
  ];
}
