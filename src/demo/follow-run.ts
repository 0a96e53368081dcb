import { createParser } from 'eventsource-parser';
import type { Readable } from 'node:stream';
import type { RunProgress } from '../jobs/run-report.js';

/** What the demo does with the events of a run. */
export interface Follower {
  onProgress(progress: RunProgress): void;
  onState(state: string): void;
}

/** Reads server-sent events until their end. */
export async function followRun(events: Readable, follower: Follower): Promise<void> {
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (event === 'progress') follower.onProgress(JSON.parse(data) as RunProgress);
      if (event === 'state') follower.onState((JSON.parse(data) as { state: string }).state);
    },
  });
  events.setEncoding('utf8');
  for await (const chunk of events) parser.feed(chunk as string);
}
