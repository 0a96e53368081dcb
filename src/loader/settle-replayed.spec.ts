import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import type { Session } from './session.js';
import { settleReplayed } from './settle-replayed.js';

const RECORDS = '/nowhere/records.csv';

it('fails when the list of records cannot be read, also while a statement is under way', async () => {
  const session = {
    query: () => Promise.resolve(),
    async copyIn(_sql: string, chunks: AsyncIterable<Buffer>) {
      for (let n = 0; n < 10; n++) await readFile(RECORDS).catch(() => null);
      await Array.fromAsync(chunks);
    },
  } as unknown as Session;
  const settlement = {
    runId: 'r',
    pipeline: 'p',
    table: 't',
    configVersion: 1,
    records: RECORDS,
    stage: { rows: 0, rejected: 0, rejectsPath: null },
  };
  await expect(settleReplayed(session, settlement)).rejects.toThrow('ENOENT');
});
