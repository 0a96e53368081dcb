import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { query, Service } from './jobs-support.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let service: Service;

beforeAll(async () => {
  app = await createApp({ env: { LOG_LEVEL: 'error' } });
  service = new Service(app.url);
});

afterAll(() => app.close());

async function write(files: Record<string, string | Buffer>): Promise<void> {
  await mkdir(join(app.dataRoot, 'catalogs'), { recursive: true });
  for (const [name, content] of Object.entries(files))
    await writeFile(join(app.dataRoot, 'catalogs', name), content);
}

const CONFIG = `
pipeline: books
monitor: false
table: books
sources: [{ type: local, path: catalogs, records: $.catalog.book }]
schema: { columns: { id: { type: bigint, required: true }, price: 'numeric(12,2)' } }
`;

describe('a folder of XML files', () => {
  it('loads every element at the path, and tells what it refused', async () => {
    await write({
      'a.xml':
        '<?xml version="1.0"?>\n<catalog xmlns:dc="urn:dc">\n<book id="1"><dc:title>Zoë</dc:title><price>1.10</price></book>\n<book id="x"><price>2</price></book>\n</catalog>\n',
      'b.xml.gz': gzipSync(
        Buffer.from(
          '<?xml version="1.0" encoding="ISO-8859-1"?><catalog><book id="2"><dc:title>Caf\xe9</dc:title><price>12345678.90</price><tag>a</tag><tag>b</tag></book></catalog>',
          'latin1',
        ),
      ),
      'c.xml': '<catalog><book id="3"></catalog>',
      'd.xml': '<catalog/>',
      'e.xml':
        '<!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/hostname">]><catalog><book id="4"><price>&x;</price></book></catalog>',
    });
    await service.upload(CONFIG);
    const run = await service.run({ pipeline: 'books' });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expect(run.streams[0]).toMatchObject({ read: 5, inserted: 2, duplicate: 0, rejected: 3 });
    expect(await query(app.database.url, 'SELECT id, price, dc_title, tag FROM books ORDER BY id')).toEqual([
      { id: '1', price: '1.10', dc_title: 'Zoë', tag: null },
      { id: '2', price: '12345678.90', dc_title: 'Café', tag: ['a', 'b'] },
    ]);
    const { body } = await service.call<{ items: Record<string, unknown>[] }>(
      'GET',
      `/runs/${run.id}/rejects`,
    );
    expect(body.items.map(({ file, line, raw, reason }) => [file, line, raw, reason])).toEqual([
      ['c.xml', 1, '', 'line 1, character 32: expected well-formed XML, got: unexpected close tag'],
      ['e.xml', 1, '', "line 1, character 56: expected no entities of the document's own, got <!ENTITY"],
      ['a.xml', 4, '{"id":"x","price":"2"}', 'id: expected bigint, got "x"'],
    ]);
    expect(await service.run({ pipeline: 'books' })).toMatchObject({
      streams: [{ inserted: 0, rejected: 0 }],
    });
  });

  it('loads a report that nobody wrote for it', async () => {
    const folder = dirname(
      createRequire(import.meta.url).resolve('tsconfig-paths-webpack-plugin/package.json'),
    );
    await mkdir(join(app.dataRoot, 'reports'));
    await copyFile(join(folder, 'coverage/clover.xml'), join(app.dataRoot, 'reports/clover.xml'));
    await service.upload(
      'pipeline: lines\nmonitor: false\ntable: lines\nduplicates: keep\nsources: [{ type: local, path: reports, format: xml, records: $.coverage.project.file.line }]\n',
    );
    const run = await service.run({ pipeline: 'lines' });
    expect(run).toMatchObject({ state: 'succeeded', streams: [{ read: 161, inserted: 161, rejected: 0 }] });
    // As the report itself counts them.
    const counted = 'SELECT count(*) FILTER (WHERE count > 0)::int AS covered FROM lines';
    expect(await query(app.database.url, counted)).toEqual([{ covered: 117 }]);
  });
});
