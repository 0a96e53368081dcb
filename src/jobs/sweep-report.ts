/** Files that a sweep removed; a folder counts as one. */
export interface Removed {
  count: number;
  bytes: number;
}

/** What one sweep removed. */
export interface SweepReport {
  runs: number;
  /** Runs whose list of files was emptied. */
  fileLists: number;
  setAsideFiles: number;
  plans: number;
  logs: Removed;
  /** Folders of runs, and half-written combined CSVs. */
  leftovers: Removed;
  outputs: Removed;
  /** Copies of files, see `KeptFiles`. */
  copies: Removed;
  /** Of all target databases together. */
  loads: number;
  loadFiles: number;
  rejects: number;
  /** Of API sources that no newest config reads any more. */
  cursors: number;
  tokens: number;
  failures: SweepFailure[];
}

/** What could not be swept. */
export interface SweepFailure {
  what: string;
  error: unknown;
}

export function emptyReport(): SweepReport {
  return {
    runs: 0,
    fileLists: 0,
    setAsideFiles: 0,
    plans: 0,
    logs: { count: 0, bytes: 0 },
    leftovers: { count: 0, bytes: 0 },
    outputs: { count: 0, bytes: 0 },
    copies: { count: 0, bytes: 0 },
    loads: 0,
    loadFiles: 0,
    rejects: 0,
    cursors: 0,
    tokens: 0,
    failures: [],
  };
}

/** Does one part of a sweep; when it fails the others go on. */
export async function attempt(
  { report, signal }: { report: SweepReport; signal: AbortSignal },
  what: string,
  work: () => Promise<Partial<SweepReport>>,
): Promise<void> {
  signal.throwIfAborted();
  try {
    addTo(report, await work());
  } catch (error) {
    signal.throwIfAborted();
    report.failures.push({ what, error });
  }
}

/** Adds the numbers of `more`, those of its parts as well. */
function addTo<T extends object>(sum: T, more: Partial<T>): void {
  for (const [key, value] of Object.entries(more) as [keyof T, unknown][]) {
    if (typeof value === 'number') sum[key] = ((sum[key] as number) + value) as T[keyof T];
    else addTo(sum[key] as object, value as object);
  }
}
