import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

export interface Options {
  /** Names of cases; null: those that run by default. */
  cases: string[] | null;
  /** Rows of the orders file, and of the files that are made of it. */
  rows: number;
  /** How often each thing is timed; a case may say less for itself. */
  times: number;
  /** Names of peers; null: all that are installed. */
  peers: string[] | null;
  /** A Python that has the peers' packages. */
  python: string;
  /** Holds the generated files, and keeps them for the next time. */
  data: string;
  /** Takes the figures, one JSON object. */
  json: string;
  /** Lists the cases instead. */
  list: boolean;
}

const text = { type: 'string' } as const;

/** Reads the command line. Throws for what it does not know. */
export function parseOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      cases: text,
      rows: { ...text, default: '1000000' },
      times: { ...text, default: '5' },
      peers: { ...text, default: 'psql' },
      python: { ...text, default: 'python3' },
      data: { ...text, default: join(tmpdir(), 'millrace-bench') },
      json: { ...text, default: 'bench-results.json' },
      list: { type: 'boolean', default: false },
    },
  });
  return {
    ...values,
    cases: values.cases === undefined ? null : names(values.cases),
    peers: values.peers === 'all' ? null : names(values.peers),
    rows: count('rows', values.rows),
    times: count('times', values.times),
  };
}

const names = (list: string) => list.split(',').filter((name) => name !== '' && name !== 'none');

function count(name: string, value: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`--${name}: expected a whole number above 0, got ${value}`);
}
