import { createParser, type EventSourceMessage } from 'eventsource-parser';

export interface SentEvent {
  id: string;
  type: string;
  data: Record<string, unknown>;
}

/** All server-sent events of an answer, once it has ended; comments are left out. */
export async function readEvents(url: string, headers: Record<string, string> = {}): Promise<SentEvent[]> {
  const response = await fetch(url, { headers });
  if (!response.ok) throw new Error(`${url}: expected events, got ${response.status}`);
  return parseEvents(await response.text());
}

function parseEvents(text: string): SentEvent[] {
  const events: SentEvent[] = [];
  const onEvent = ({ id = '', event = 'message', data }: EventSourceMessage) =>
    events.push({ id, type: event, data: JSON.parse(data) as Record<string, unknown> });
  createParser({ onEvent }).feed(text);
  return events;
}
