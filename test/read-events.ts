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

/** See https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
function parseEvents(text: string): SentEvent[] {
  return text.split('\n\n').flatMap((block) => {
    const fields = new Map(
      block
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith(':'))
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
    );
    const data = fields.get('data');
    if (data === undefined) return [];
    const parsed = JSON.parse(data) as Record<string, unknown>;
    return [{ id: fields.get('id') ?? '', type: fields.get('event') ?? 'message', data: parsed }];
  });
}
