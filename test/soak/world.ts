import { setTimeout as delay } from 'node:timers/promises';
import type { Model } from './model.js';
import type { SoakApi } from './soak-api.js';
import type { SoakDatabase } from './soak-database.js';
import { pathOf, type SoakFile } from './soak-file.js';
import type { SoakService } from './soak-service.js';
import type { SoakStream } from './streams.js';
import type { Violations } from './violations.js';

const LOOK_MS = 1_000;
/** After so long without a load, somebody asks for one: a cancelled run is not made again by itself. */
const ASK_MS = 10_000;
const LATE_MS = 120_000;

/** All that the nemesis acts on. */
export class World {
  /** How often each thing was done. */
  readonly tally = new Map<string, number>();
  /** The nemesis shall come to an end. */
  isOver = false;
  private readonly looks = new Map<string, { at: number; done: Promise<void> }>();

  constructor(
    readonly service: SoakService,
    readonly api: SoakApi,
    readonly database: SoakDatabase,
    readonly model: Model,
    readonly violations: Violations,
  ) {}

  count(what: string, times = 1): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + times);
  }

  path(file: Pick<SoakFile, 'stream' | 'name'>): string {
    return pathOf(this.service.data, file);
  }

  /** Takes in which rows a table has now; not more often than once a second, however many ask. */
  async see(stream: SoakStream): Promise<void> {
    const last = this.looks.get(stream.table);
    if (last && Date.now() - last.at < LOOK_MS) return last.done;
    // PostgreSQL may be down, as long as the service is.
    const done = this.look(stream).catch(() => {});
    this.looks.set(stream.table, { at: Date.now(), done });
    return done;
  }

  /**
   * Waits until the table has all valid rows of a file.
   * @returns 'late' when it took too long, 'over' when the nemesis is called back meanwhile
   */
  async waitLoaded(file: SoakFile): Promise<'loaded' | 'late' | 'over'> {
    const began = Date.now();
    let asked = began;
    while (!this.model.hasLoaded(file)) {
      if (this.isOver) return 'over';
      if (Date.now() - began > LATE_MS) return this.late(file);
      if (Date.now() - asked > ASK_MS) {
        asked = Date.now();
        await this.trigger(file.stream.pipeline);
      }
      await delay(LOOK_MS);
      await this.see(file.stream);
    }
    return 'loaded';
  }

  /** @returns the id of the run; null when there is none */
  async trigger(pipeline: string, headers: Record<string, string> = {}): Promise<string | null> {
    const answer = await this.api.post<{ id: string }>('/trigger-job', { pipeline }, headers);
    if (answer?.status !== 202) return null;
    this.model.promised.add(answer.body.id);
    return answer.body.id;
  }

  private async look(stream: SoakStream): Promise<void> {
    const ids = await this.database.ids(stream);
    const { seen, written } = this.model.table(stream);
    const strays = ids.without(written);
    if (strays.size > 0) {
      this.violations.add(`rows of ${stream.table}`, {
        expected: 'valid rows that a file had',
        got: `${strays}`,
      });
    }
    seen.add(ids.list());
  }

  private late(file: SoakFile): 'late' {
    const missing = this.model.missing(file);
    this.count('waited in vain');
    process.stdout.write(`late: ${file.stream.table} has not got ${missing} of ${file.name}\n`);
    return 'late';
  }
}
