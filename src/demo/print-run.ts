/** The part of a run's report that the demo looks at. */
export interface RunReport {
  id: string;
  state: string;
  streams: StreamReport[];
  error: { message: string } | null;
}

export interface Counts {
  read: number;
  inserted: number;
  updated: number;
  duplicate: number;
  rejected: number;
}

interface StreamReport extends Counts {
  table: string;
  state: string;
  durationMs: number | null;
  children?: (Counts & { table: string })[];
  files: (Counts & {
    name: string;
    state: string;
    detected: { format: string; delimiter: string | null } | null;
  })[];
}

/** One line a file: what became of its records. */
export function printRun(run: RunReport): void {
  const lines = run.streams.flatMap(({ table, durationMs, files }) =>
    files.map(({ name, detected, state, read, inserted, duplicate, rejected }) => ({
      table,
      file: name,
      format: detected?.format ?? state,
      read,
      inserted,
      duplicate,
      rejected,
      'stream ms': durationMs,
    })),
  );
  printTable(lines);
}

/** Rows of equal keys as columns of text, numbers to the right. */
export function printTable(rows: Record<string, unknown>[]): void {
  const heads = Object.keys(rows[0] ?? {});
  const widths = heads.map((head) => Math.max(head.length, ...rows.map((row) => show(row[head]).length)));
  const line = (cells: string[]) => console.log(`  ${cells.join('  ').trimEnd()}`);
  line(heads.map((head, n) => head.padEnd(widths[n]!)));
  line(widths.map((width) => '-'.repeat(width)));
  for (const row of rows) {
    line(
      heads.map((head, n) => {
        const text = show(row[head]);
        return typeof row[head] === 'number' ? text.padStart(widths[n]!) : text.padEnd(widths[n]!);
      }),
    );
  }
  console.log('');
}

const LONGEST = 34;

function show(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/** @throws Error for the first file, stream or run whose counts do not add up */
export function checkRun(run: RunReport): void {
  if (run.state !== 'succeeded')
    throw new Error(`the run ${run.state}: ${run.error?.message ?? 'no reason given'}`);
  for (const stream of run.streams) {
    for (const part of [stream, ...stream.files]) {
      const outcomes = part.inserted + part.updated + part.duplicate + part.rejected;
      if (part.read !== outcomes)
        throw new Error(`${stream.table}: read ${part.read}, accounted for ${outcomes}`);
    }
  }
}
