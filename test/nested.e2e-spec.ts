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

describe('flatten', () => {
  const config = `
pipeline: people
monitor: false
sources:
  - { type: local, path: people }
  - { type: local, path: people/xml, records: $.people.person }
flatten: 1
rename: { address.zip: postcode }
schema: { columns: { id: bigint, postcode: { type: integer, nulls: [none] } } }
`;

  it('makes columns of the members of objects, in JSON and XML, with every digit', async () => {
    await write('people', {
      'a.json': JSON.stringify([
        { id: 1, address: { city: 'Ulm', zip: '89077', geo: { lat: 48.4 } } },
        { id: 2, address: { city: null, zip: 'unknown' } },
        { id: 3, address: 'Berlin' },
      ]),
      'b.ndjson':
        '{"id":4,"address":{"city":"Köln","zip":"none"},"size":{"exact":12345678901234567890.10}}\n',
    });
    await write('people/xml', {
      'c.xml': '<people><person id="5"><address><city>Graz</city><zip>801</zip></address></person></people>',
    });
    await service.upload(config);
    const run = await service.run({ pipeline: 'people' });
    expect(run).toMatchObject({ state: 'succeeded', streams: [{ read: 5, inserted: 4, rejected: 1 }] });
    expect(await people()).toEqual([
      ['1', null, 'Ulm', 89077, { lat: 48.4 }, null],
      ['3', 'Berlin', null, null, null, null],
      ['4', null, 'Köln', null, null, '12345678901234567890.10'],
      ['5', null, 'Graz', 801, null, null],
    ]);
  });

  it('keeps rejected records as they stood, and replays them in the same way', async () => {
    const { body } = await service.get<{ items: { id: string }[] }>('/runs?pipeline=people');
    const { id } = body.items[0]!;
    const { body: rejects } = await service.get<{ items: object[] }>(`/runs/${id}/rejects`);
    const raw = '{"id":2,"address":{"city":null,"zip":"unknown"}}';
    const reason = 'postcode: expected integer, got "unknown"';
    expect(rejects.items).toEqual([expect.objectContaining({ column: 'postcode', raw, reason })]);
    await service.upload(config.replace('[none]', '[none, unknown]'));
    const again = await replay(service, id);
    expect(again.streams[0]).toMatchObject({ read: 1, inserted: 1, rejected: 0 });
    expect(await people()).toContainEqual(['2', null, null, null, null, null]);
  });

  const people = async () => {
    const found = await query(
      app.database.url,
      'SELECT id, address, address__city, postcode, address__geo, size__exact FROM people ORDER BY id',
    );
    return found.map((row) => Object.values(row));
  };
});
