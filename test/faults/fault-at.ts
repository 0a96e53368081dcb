import { existsSync, readFileSync, rmSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { FaultOrder } from './faulty-service.js';

// Loaded before the service (`node --import …`), it waits for an order in the file FAULT_FILE, counts the service's calls
// to the file system and to PostgreSQL from then on, and does the ordered fault just before one of them.
const file = process.env['FAULT_FILE'] ?? '';

const faults: Record<FaultOrder['fault'], () => void> = {
  kill: () => process.kill(process.pid, 'SIGKILL'),
  abort: () => process.abort(),
  throw: () =>
    setImmediate(() => {
      throw new Error('a fault that nobody caught');
    }),
  reject: () => void Promise.reject(new Error('a fault that nobody caught')),
};

let order: FaultOrder | null = null;
let count = 0;

function step(name: string, values: unknown[]): void {
  if (!existsSync(file)) {
    order = null;
    return;
  }
  if (!order) count = 0;
  order ??= JSON.parse(readFileSync(file, 'utf8')) as FaultOrder;
  const { call = name, about } = order;
  if (call !== name || (about && !values.some((value) => String(value).endsWith(about)))) return;
  if (++count !== order.at) return;
  rmSync(file);
  faults[order.fault]();
}

type Method = (...values: unknown[]) => unknown;

function watch(owner: object, names: string[]): void {
  const methods = owner as Record<string, Method>;
  for (const name of names) {
    const method = methods[name]!;
    methods[name] = function (this: unknown, ...values: unknown[]) {
      step(name, values);
      return method.apply(this, values);
    };
  }
}

const handle = await fs.open(fileURLToPath(import.meta.url));
watch(Object.getPrototypeOf(handle) as object, ['read', 'write', 'writeFile', 'sync', 'stat']);
await handle.close();
watch(fs, ['lstat', 'mkdir', 'open', 'readFile', 'realpath', 'rename', 'rm', 'writeFile']);
syncBuiltinESMExports();
watch(pg.Client.prototype, ['query']);
