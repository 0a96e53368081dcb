import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { query, Service } from './jobs-support.js';
import { replay } from './replay-support.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let service: Service;

beforeAll(async () => {
  app = await createApp({ env: { LOG_LEVEL: 'error' } });
  service = new Service(app.url);
});

afterAll(() => app.close());

async function write(folder: string, files: Record<string, string>): Promise<void> {
  await mkdir(join(app.dataRoot, folder), { recursive: true });
  for (const [name, content] of Object.entries(files))
    await writeFile(join(app.dataRoot, folder, name), content);
}

const rows = (sql: string) => query(app.database.url, sql);

describe('flatten', () => {
  const config = `
pipeline: people
monitor: false
sources:
  - { type: local, path: people }
  - { type: local, path: people/xml, records: $.people.person }
flatten: 1
rename: { address.zip: postcode }
schema: { columns: { id: { type: bigint, required: true }, address__city: { type: text, required: true } } }
`;

  it('makes columns of the members of objects, in JSON and XML, with every digit', async () => {
    await write('people', {
      'a.json': JSON.stringify([
        { id: 1, address: { city: 'Ulm', zip: '089', geo: { lat: 48.4 } } },
        { id: 2, address: { city: null, zip: '090' } },
        { id: 3, address: 'Berlin' },
      ]),
      'b.ndjson': '{"id":4,"address":{"city":"Köln","zip":"050"},"size":{"exact":12345678901234567890.10}}\n',
    });
    await write('people/xml', {
      'c.xml': '<people><person id="5"><address><city>Graz</city><zip>801</zip></address></person></people>',
    });
    await service.upload(config);
    const run = await service.run({ pipeline: 'people' });
    expect(run).toMatchObject({ state: 'succeeded', streams: [{ read: 5, inserted: 3, rejected: 2 }] });
    expect(
      await rows('SELECT id, address__city, postcode, address__geo, size__exact FROM people ORDER BY id'),
    ).toEqual([
      { id: '1', address__city: 'Ulm', postcode: '089', address__geo: { lat: 48.4 }, size__exact: null },
      {
        id: '4',
        address__city: 'Köln',
        postcode: '050',
        address__geo: null,
        size__exact: '12345678901234567890.10',
      },
      { id: '5', address__city: 'Graz', postcode: '801', address__geo: null, size__exact: null },
    ]);
  });

  it('keeps rejected records as they stood, and replays them in the same way', async () => {
    expect(await rejects()).toEqual([
      [1, 'address__city', '{"id":2,"address":{"city":null,"zip":"090"}}'],
      [1, 'address__city', '{"id":3,"address":"Berlin"}'],
    ]);
    await service.upload(config.replace('text, required: true', 'text'));
    const again = await replay(service, (await newest()).id);
    console.error(JSON.stringify(again));
    expect(again.streams[0]).toMatchObject({ read: 2, inserted: 2, rejected: 0 });
    expect(
      await rows('SELECT id, address, address__city, postcode FROM people WHERE id IN (2, 3) ORDER BY id'),
    ).toEqual([
      { id: '2', address: null, address__city: null, postcode: '090' },
      { id: '3', address: 'Berlin', address__city: null, postcode: null },
    ]);
  });

  async function newest(): Promise<{ id: string }> {
    return (await service.get<{ items: { id: string }[] }>('/runs?pipeline=people')).body.items[0]!;
  }

  async function rejects(): Promise<unknown[][]> {
    const { body } = await service.get<{ items: Record<string, unknown>[] }>(
      `/runs/${(await newest()).id}/rejects`,
    );
    return body.items.map(({ line, column, raw }) => [line, column, raw]);
  }
});
