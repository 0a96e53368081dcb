import { TerminalError } from '../errors.js';

/** What has to be known of a stream to find its place. */
export interface OrderedStream {
  table: string;
  /** Tables of the streams that must come before it. */
  needs: readonly string[];
}

/**
 * The streams' indexes in an order in which each comes after those that it needs, and otherwise as they stand.
 * @throws TerminalError `STREAM_CYCLE` when there is no such order
 */
export function orderStreams(streams: readonly OrderedStream[]): number[] {
  const byTable = new Map(streams.map(({ table }, index) => [table, index]));
  const order = new Set<number>();
  const path: number[] = [];
  const visit = (index: number) => {
    if (order.has(index)) return;
    if (path.includes(index)) throw cycle([...path.slice(path.indexOf(index)), index], streams);
    path.push(index);
    for (const table of streams[index]!.needs) {
      const needed = byTable.get(table);
      if (needed !== undefined) visit(needed);
    }
    path.pop();
    order.add(index);
  };
  for (const index of streams.keys()) visit(index);
  return [...order];
}

function cycle(indexes: number[], streams: readonly OrderedStream[]): TerminalError {
  const names = indexes.map((index) => streams[index]!.table).join(' -> ');
  const message = `streams: expected an order in which each comes after those that it needs, got ${names}`;
  return new TerminalError('STREAM_CYCLE', message);
}
