import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';

// Serves /<pages>?offset=…&limit=… : that many pages of 100 records, made for each request as an API makes them.
const delay = Number(process.argv[2]);

function record(id: number) {
  const at = new Date(1_700_000_000_000 + id * 1000).toISOString();
  const amount = ((id * 7919) % 100_000) / 100;
  return {
    id,
    customer: `customer ${id % 5000}`,
    email: `c${id}@example.com`,
    amount,
    quantity: id % 9,
    active: id % 2 === 0,
    placed_at: at,
    note: `note ${id}, with a comma and a "quote"`,
    tags: ['a', 'b'],
  };
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? '', 'http://h');
  const total = Number(url.pathname.slice(1)) * 100;
  const offset = Number(url.searchParams.get('offset'));
  const limit = Number(url.searchParams.get('limit'));
  const length = Math.max(0, Math.min(limit, total - offset));
  if (delay > 0) await setTimeout(delay);
  const data = Array.from({ length }, (_, index) => record(offset + index));
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ data, total }));
});
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
