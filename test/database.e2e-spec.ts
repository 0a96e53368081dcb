import { describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { createDatabase } from './support.js';

describe('createDatabase', () => {
  it('makes an empty UTF-8 database and drops it', async () => {
    const database = await createDatabase();
    const client = new Client(database.connection);
    await client.connect();
    const { rows } = await client.query('SHOW server_encoding');
    expect(rows).toEqual([{ server_encoding: 'UTF8' }]);
    await client.end();
    await database.drop();
    await expect(new Client(database.connection).connect()).rejects.toThrow('does not exist');
  });
});
