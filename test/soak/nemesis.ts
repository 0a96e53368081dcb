import { setTimeout as delay } from 'node:timers/promises';
import { API_ACTIONS } from './api-actions.js';
import type { Action } from './action.js';
import { CHANGING, REMOVE } from './changing-actions.js';
import { GROWING } from './growing-actions.js';
import { GENTLE_ACTIONS, PROCESS_ACTIONS } from './process-actions.js';
import type { Random } from './random.js';
import { STREAMS } from './streams.js';
import type { World } from './world.js';

const MOST_FILES = 16;
const MOST_LINES = 25_000;
const MOST_TASKS = 14;

/** Does seeded random things to files, to the service by its calls, and to its process, side by side, until it is stopped. */
export class Nemesis {
  private readonly tasks = new Set<Promise<void>>();
  private loops: Promise<void>[] = [];
  private isStopped = true;

  constructor(
    private readonly world: World,
    private readonly random: Random,
  ) {}

  /** @param isGentle leaves the process alive */
  start({ isGentle }: { isGentle: boolean }): void {
    this.isStopped = false;
    this.world.isOver = false;
    const process = isGentle ? GENTLE_ACTIONS : [...PROCESS_ACTIONS, ...GENTLE_ACTIONS];
    this.loops = [
      this.loop([100, 900], (random) => this.actOnFiles(random)),
      this.loop([300, 3_000], (random) => this.act(API_ACTIONS, random)),
      this.loop([1_500, 8_000], (random) => this.act(process, random)),
    ];
  }

  /** Lets what is under way come to its end; rejects with what an action threw. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.world.isOver = true;
    await Promise.all(this.loops);
    await Promise.all(this.tasks);
  }

  private async loop(
    [least, most]: [ms: number, ms: number],
    act: (random: Random) => Promise<void>,
  ): Promise<void> {
    const random = this.random.fork();
    while (!this.isStopped) {
      await this.pause(random.between(least, most));
      if (!this.isStopped) await act(random);
    }
  }

  /** Ends early when it is stopped. */
  private async pause(ms: number): Promise<void> {
    for (const end = Date.now() + ms; Date.now() < end && !this.isStopped;) await delay(100);
  }

  private async act(actions: Action[], random: Random): Promise<void> {
    const action = random.weighted(actions);
    this.world.count(action.name);
    await action.act(this.world, random);
  }

  /** Begins one thing and goes on: many files change at the same time. */
  private async actOnFiles(random: Random): Promise<void> {
    if (this.tasks.size >= MOST_TASKS) return;
    const stream = random.pick(STREAMS)!;
    const { model } = this.world;
    const isFull = model.filesOf(stream).length > MOST_FILES || model.linesOf(stream) > MOST_LINES;
    const action = random.weighted(isFull ? [REMOVE] : [...GROWING, ...CHANGING]);
    this.world.count(action.name);
    const task = action
      .act(this.world, { stream, random: random.fork() })
      .finally(() => this.tasks.delete(task));
    this.tasks.add(task);
    task.catch(() => (this.isStopped = true));
  }
}
