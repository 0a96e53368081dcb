import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import type { TableInput } from './table-input.js';

/** The rows of a CSV file as Parquet, with their types. */
export async function writeParquet({ csv, columns }: TableInput, target: string): Promise<void> {
  const types = columns.map(({ name, type }) => `'${name}': '${type.replace('numeric', 'decimal')}'`);
  const rows = `read_csv('${csv[0]}', auto_detect=false, header=true, quote='"', escape='"', columns={${types.join(', ')}})`;
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await connection.run(`COPY (FROM ${rows}) TO '${target}' (FORMAT parquet)`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

export async function writeGzip(source: string, target: string): Promise<void> {
  await pipeline(createReadStream(source), createGzip(), createWriteStream(target));
}
