import { createParser, type EventSourceMessage } from 'eventsource-parser';

export interface SentEvent {
  id: string;
  type: string;
  data: Record<string, unknown>;
}

interface ReadOptions {
  headers?: Record<string, string>;
  /** Takes the events as they come. */
  events?: SentEvent[];
}

/** All server-sent events of an answer, once it has ended; comments are left out. */
export async function readEvents(url: string, options: ReadOptions = {}): Promise<SentEvent[]> {
  const { headers = {}, events = [] } = options;
  const response = await fetch(url, { headers });
  if (!response.ok || !response.body) throw new Error(`${url}: expected events, got ${response.status}`);
  const onEvent = ({ id = '', event = 'message', data }: EventSourceMessage) =>
    events.push({ id, type: event, data: JSON.parse(data) as Record<string, unknown> });
  const parser = createParser({ onEvent });
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) parser.feed(text);
  return events;
}
