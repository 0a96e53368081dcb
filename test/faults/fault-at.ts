import { existsSync, readFileSync, rmSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DuckDBConnection } from '@duckdb/node-api';
import pg from 'pg';
import { type FaultOrder, LATE } from './faulty-service.js';

// Loaded before the service (`node --import …`), it waits for an order in the file FAULT_FILE, counts the service's calls
// to the file system, to PostgreSQL and to the engine from then on, and does the ordered fault just before one of them.
const file = process.env['FAULT_FILE'] ?? '';

/** A promise is waited for before the call is made. */
const faults: Record<FaultOrder['fault'], () => void | Promise<void>> = {
  kill: () => void process.kill(process.pid, 'SIGKILL'),
  abort: () => process.abort(),
  throw: () =>
    void setImmediate(() => {
      throw new Error('a fault that nobody caught');
    }),
  reject: () => void Promise.reject(new Error('a fault that nobody caught')),
  late: () => delay(1_000).then(() => console.log(LATE)),
};

let given = '';
let count = 0;

function step(name: string, values: unknown[]): void | Promise<void> {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (text !== given) count = 0;
  given = text;
  if (text === '') return;
  const order = JSON.parse(text) as FaultOrder;
  const { call = name, about } = order;
  if (call !== name || (about && !values.some((value) => String(value).endsWith(about)))) return;
  if (++count !== order.at) return;
  rmSync(file);
  return faults[order.fault]();
}

type Method = (...values: unknown[]) => unknown;

function watch(owner: object, names: string[]): void {
  const methods = owner as Record<string, Method>;
  for (const name of names) {
    const method = methods[name]!;
    methods[name] = function (this: unknown, ...values: unknown[]) {
      const waits = step(name, values);
      return waits ? waits.then(() => method.apply(this, values)) : method.apply(this, values);
    };
  }
}

const handle = await fs.open(fileURLToPath(import.meta.url));
watch(Object.getPrototypeOf(handle) as object, ['read', 'write', 'writeFile', 'sync', 'stat']);
await handle.close();
watch(fs, ['lstat', 'mkdir', 'open', 'readFile', 'realpath', 'rename', 'rm', 'writeFile']);
syncBuiltinESMExports();
watch(pg.Client.prototype, ['query']);
watch(DuckDBConnection.prototype, ['runAndReadAll']);
