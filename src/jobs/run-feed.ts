import { Injectable, type MessageEvent, type OnModuleDestroy } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { MoreThan, type Repository } from 'typeorm';
import { RunEvent } from './run-event.entity.js';
import { Run } from './run.entity.js';
import { RunNews } from './run-news.js';

/** How soon a change is told that another process brought about; one of this process is told at once. */
const LOOK_MS = 500;

/** Some proxies cut a connection on which nothing comes for half a minute. */
const SIGN_OF_LIFE_MS = 15_000;

type Snapshot = Pick<Run, 'state' | 'revision' | 'progress'>;

/** Tells those who follow a run what becomes of it. */
@Injectable()
export class RunFeed implements OnModuleDestroy {
  private readonly stopping = new AbortController();

  constructor(
    @InjectRepository(Run) private readonly runs: Repository<Run>,
    @InjectRepository(RunEvent) private readonly events: Repository<RunEvent>,
    private readonly runNews: RunNews,
  ) {}

  onModuleDestroy(): void {
    this.stopping.abort();
  }

  /**
   * The run's events after the number `after`, then those that come, and its progress in between; ends with the run.
   * The id of each message is the number of the newest event that was told, so that a reader can go on from there.
   * @param left aborts when the reader is gone
   */
  async *follow(id: string, after: number, left: AbortSignal): AsyncGenerator<MessageEvent> {
    const signal = AbortSignal.any([left, this.stopping.signal]);
    const told = { seq: after, progress: 'null', at: performance.now() };
    const watch = this.runNews.watch(id);
    try {
      while (!signal.aborted) {
        const run = await this.look(id);
        if (!run) return;
        const news = await this.news(id, run, told);
        yield* news;
        if (run.state !== 'queued' && run.state !== 'running') return;
        if (news.length > 0) told.at = performance.now();
        else if (performance.now() - told.at > SIGN_OF_LIFE_MS) {
          told.at = performance.now();
          yield { comment: 'nothing new' };
        }
        await watch.wait(LOOK_MS, signal);
      }
    } finally {
      watch.end();
    }
  }

  private async look(id: string): Promise<Snapshot | null> {
    const select = { id: true, state: true, revision: true, progress: true } as const;
    return this.runs.findOne({ where: { id }, select });
  }

  private async news(
    id: string,
    { revision, progress }: Snapshot,
    told: { seq: number; progress: string },
  ): Promise<MessageEvent[]> {
    const events = revision > told.seq ? await this.eventsAfter(id, told.seq) : [];
    const messages = events.map(({ seq, at, type, data }): MessageEvent => {
      return { id: String(seq), type, data: { at, ...data } };
    });
    told.seq = events.at(-1)?.seq ?? told.seq;
    const text = JSON.stringify(progress);
    if (text !== told.progress && progress) {
      messages.push({ id: String(told.seq), type: 'progress', data: progress });
    }
    told.progress = text;
    return messages;
  }

  private eventsAfter(runId: string, seq: number): Promise<RunEvent[]> {
    return this.events.find({ where: { runId, seq: MoreThan(seq) }, order: { seq: 'ASC' } });
  }
}
