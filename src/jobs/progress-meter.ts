import type { RunProgress, StreamReport, StreamState } from './run-report.js';
import { isOver } from './stream-report.js';

/** Progress is nice to know: it is told at most this often. */
const TELL_MS = 1_000;

/** Rates are those of the last so many tellings. */
const WINDOW = 5;

/** How much of a stream's time is over when it enters a step, as measured on a million rows of CSV. */
const BEGINS_AT: Partial<Record<StreamState, number>> = {
  extracting: 0,
  staging: 0.1,
  loading: 0.5,
  writing: 0.95,
};
const ENDS_AT: Partial<Record<StreamState, number>> = {
  extracting: 0.1,
  staging: 0.5,
  loading: 0.95,
  writing: 1,
};

interface Sample {
  at: number;
  bytes: number;
  rows: number;
}

export interface MeterOptions {
  streams: StreamReport[];
  /** Takes what is to be told; what it throws is not for the meter to settle. */
  tell: (progress: RunProgress) => Promise<void>;
  /** Milliseconds on a clock that only goes forward. */
  now?: () => number;
}

/** Puts together how far a run is, from what its steps say. */
export class ProgressMeter {
  private readonly now: () => number;
  private readonly started: number;
  /** The stream that told last. */
  private index = 0;
  /** Of the step that each stream is at, from 0 to 1. */
  private readonly shares: number[];
  private readonly rows: number[];
  /** Streams whose step has no end that anybody knows. */
  private readonly endless = new Set<number>();
  private samples: Sample[] = [];
  private lastTold = -Infinity;
  private isTelling = false;
  private later: NodeJS.Timeout | null = null;

  constructor(private readonly options: MeterOptions) {
    this.now = options.now ?? (() => performance.now());
    this.started = this.now();
    this.shares = options.streams.map(() => 0);
    this.rows = options.streams.map(() => 0);
  }

  /** The stream has entered a step. */
  begin(index: number, state: StreamState): void {
    this.index = index;
    this.shares[index] = 0;
    this.endless.delete(index);
    if (state === 'extracting') this.rows[index] = 0;
    // At once: what was told of the step before is untrue now.
    this.lastTold = -Infinity;
    this.tell();
  }

  /**
   * The step that the stream is at is so far.
   * @param share from 0 to 1; null: nobody knows how much there is
   * @param rows of the stream that are through with it, where that is known
   */
  advance(index: number, share: number | null, rows = this.rows[index] ?? 0): void {
    this.index = index;
    this.shares[index] = Math.min(Math.max(share ?? 0, 0), 1);
    if (share === null) this.endless.add(index);
    else this.endless.delete(index);
    this.rows[index] = rows;
    this.tell();
  }

  /** Told at most once a second within a step, and never while the last telling is not through; but the last is told, too. */
  private tell(): void {
    const now = this.now();
    if (this.isTelling || now - this.lastTold < TELL_MS) return this.tellLater();
    this.lastTold = now;
    this.isTelling = true;
    // Whether the run row can be written is found out by the next step that matters.
    this.options
      .tell(this.measure())
      .catch(() => {})
      .finally(() => (this.isTelling = false));
  }

  /** A step may have nothing more to say for long. */
  private tellLater(): void {
    this.later ??= setTimeout(() => {
      this.later = null;
      this.tell();
    }, TELL_MS).unref();
  }

  /** How far the run is now. */
  measure(): RunProgress {
    const { streams } = this.options;
    const stream = streams[this.index];
    const bytesTotal = sum(streams.map(bytesOf));
    const bytesDone = Math.round(sum(streams.map((one, index) => bytesOf(one) * this.shareOf(one, index))));
    const rowsDone = sum(streams.map((one, index) => Math.max(one.read, this.rows[index]!)));
    const files = streams.flatMap((one) => one.files);
    return {
      table: stream?.table ?? '',
      stage: stream?.state ?? 'waiting',
      streamsDone: streams.filter(isOver).length,
      streamsTotal: streams.length,
      filesDone: files.filter(({ state }) => state !== 'waiting').length,
      filesTotal: files.length,
      bytesDone,
      bytesTotal,
      rowsDone,
      ...this.rates(bytesDone, rowsDone),
      etaSeconds: this.eta(bytesTotal === 0 ? 0 : bytesDone / bytesTotal),
    };
  }

  private shareOf(stream: StreamReport, index: number): number {
    if (isOver(stream)) return 1;
    const begin = BEGINS_AT[stream.state] ?? 0;
    const end = ENDS_AT[stream.state] ?? 0;
    return begin + (end - begin) * this.shares[index]!;
  }

  /** Whether nobody knows how much of a stream is to come: of an API that has not said so, or was not asked yet. */
  private isUnknown(stream: StreamReport, index: number): boolean {
    const isAsked = stream.state === 'waiting' || stream.state === 'extracting';
    return isAsked && (this.endless.has(index) || stream.files.length === 0);
  }

  private rates(bytes: number, rows: number): Pick<RunProgress, 'bytesPerSecond' | 'rowsPerSecond'> {
    const at = this.now();
    this.samples = [...this.samples, { at, bytes, rows }].slice(-WINDOW);
    const first = this.samples[0]!;
    const seconds = (at - first.at) / 1_000;
    if (seconds <= 0) return { bytesPerSecond: null, rowsPerSecond: null };
    const perSecond = (now: number, before: number) => Math.max(0, Math.round((now - before) / seconds));
    return { bytesPerSecond: perSecond(bytes, first.bytes), rowsPerSecond: perSecond(rows, first.rows) };
  }

  /** Too early to tell before a fiftieth of it is done, and while there may be any amount to come. */
  private eta(share: number): number | null {
    if (share < 0.02 || this.options.streams.some((stream, index) => this.isUnknown(stream, index)))
      return null;
    const elapsed = (this.now() - this.started) / 1_000;
    return Math.round((elapsed / share) * (1 - share));
  }
}

/** Of the files that are read: copies and unchanged ones are not. */
export function bytesOf({ files }: StreamReport): number {
  return sum(
    files.map(({ bytes, copyOf, state }) => (copyOf === null && state !== 'unchanged' ? (bytes ?? 0) : 0)),
  );
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
