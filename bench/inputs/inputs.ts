import { existsSync, statSync } from 'node:fs';
import { cp, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeGzip, writeParquet } from './converted.js';
import { csvLine, ORDER_COLUMNS, orderHeader, orderJson, orderValues } from './orders.js';
import { longColumns, longLine, wideColumns, wideLine } from './shapes.js';
import type { TableInput } from './table-input.js';
import { writeLines } from './write-lines.js';

/** What changed in the last minute is looked at twice by the service, with a pause in between. */
const STILL_MS = 61_000;

/** Generated files, each made at its first use and kept: the same for the same number of rows. */
export class Inputs {
  private madeAt: number | null = null;

  constructor(
    readonly root: string,
    readonly rows: number,
    private readonly stillMs = STILL_MS,
  ) {}

  /** The file that nearly every case begins with. */
  async orders(rows = this.rows): Promise<TableInput> {
    return this.ofOrders(`orders-${rows}/orders.csv`, { from: 0, to: rows });
  }

  /** One hundredth more rows that no other file has. */
  async moreOrders(n: number): Promise<TableInput> {
    const share = this.hundredth();
    const from = this.rows + n * share;
    return this.ofOrders(`${this.name()}/more-${n}.csv`, { from, to: from + share });
  }

  /** The orders, every hundredth of them changed. */
  async changedOrders(edition: number): Promise<TableInput> {
    const isChanged = (n: number) => n % 100 === edition % 100;
    const values = (n: number) => orderValues(n, isChanged(n) ? edition + 1 : 0);
    return this.ofOrders(`${this.name()}/changed-${edition}.csv`, { from: 0, to: this.rows, values });
  }

  /** The orders again under another name. */
  async copiedOrders(n: number): Promise<TableInput> {
    const orders = await this.orders();
    const path = `${this.name()}/copy-${n}.csv`;
    await this.make(path, (target) => cp(orders.csv[0]!, target));
    return { ...orders, path };
  }

  /** The orders, with an amount that is no number in some of each hundred. */
  async badOrders(inHundred: number): Promise<TableInput> {
    const path = `${this.name()}/bad-${inHundred}.csv`;
    const line = (n: number) => {
      const values = orderValues(n);
      if (n % 100 < inHundred) values[6] = 'n/a';
      return csvLine(values);
    };
    await this.make(path, (target) =>
      writeLines(target, { head: `${orderHeader}\n`, from: 0, to: this.rows, line }),
    );
    return { ...(await this.orders()), path };
  }

  /** The orders as one array, or a line each. */
  async jsonOrders(kind: 'json' | 'ndjson'): Promise<TableInput> {
    const path = `${this.name()}/orders.${kind}`;
    const frame = kind === 'json' ? { head: '[\n', between: ',\n', tail: '\n]\n' } : {};
    const line = (n: number) => orderJson(orderValues(n));
    await this.make(path, (target) => writeLines(target, { ...frame, from: 0, to: this.rows, line }));
    return { ...(await this.orders()), path };
  }

  async parquetOrders(): Promise<TableInput> {
    const orders = await this.orders();
    const path = `${this.name()}/orders.parquet`;
    await this.make(path, (target) => writeParquet(orders, target));
    return { ...orders, path };
  }

  async gzippedOrders(): Promise<TableInput> {
    const orders = await this.orders();
    const path = `${this.name()}/orders.csv.gz`;
    await this.make(path, (target) => writeGzip(orders.csv[0]!, target));
    return { ...orders, path };
  }

  /** The orders in a folder of so many files. */
  async splitOrders(files: number): Promise<TableInput> {
    const path = `${this.name()}/split-${files}`;
    const share = Math.max(1, Math.floor(this.rows / files));
    await this.make(path, async (target) => {
      await mkdir(target, { recursive: true });
      for (let n = 0; n < files; n++) {
        const lines = Array.from({ length: share }, (_, at) => csvLine(orderValues(n * share + at)));
        await writeFile(join(target, `part-${n}.csv`), `${orderHeader}\n${lines.join('\n')}\n`);
      }
    });
    const orders = await this.orders();
    return { ...orders, path, rows: files * share };
  }

  /** A tenth of the rows, a hundred columns: as many values. */
  async wide(): Promise<TableInput> {
    return this.shaped('wide', this.rows / 10, wideColumns, wideLine);
  }

  /** A fiftieth of the rows, each with about 4 KB of text over several lines. */
  async longTexts(): Promise<TableInput> {
    return this.shaped('long', this.rows / 50, longColumns, longLine);
  }

  /** Makes what nearly all cases need at once, so that one wait is enough for all of it to have lain still. */
  async makeUsual(times: number): Promise<void> {
    for (let n = 0; n < times; n++) await Promise.all([this.moreOrders(n), this.changedOrders(n)]);
    await this.splitOrders(Math.max(1, Math.floor(this.rows / 100)));
    await this.jsonOrders('json');
    await this.badOrders(1);
    await this.orders(this.rows * 10);
  }

  /** Resolves once every file that was made just now counts as one that stands still. */
  async settle(): Promise<void> {
    if (this.madeAt === null) return;
    await delay(Math.max(0, this.madeAt + this.stillMs - Date.now()));
    this.madeAt = null;
  }

  private name(): string {
    return `orders-${this.rows}`;
  }

  private hundredth(): number {
    return Math.max(1, Math.floor(this.rows / 100));
  }

  private async shaped(
    name: string,
    count: number,
    columns: TableInput['columns'],
    toLine: (n: number) => string,
  ): Promise<TableInput> {
    const rows = Math.max(1, Math.floor(count));
    const path = `${this.name()}/${name}.csv`;
    const head = `${columns.map((column) => column.name).join(',')}\n`;
    await this.make(path, (target) => writeLines(target, { head, from: 0, to: rows, line: toLine }));
    return { path, csv: [join(this.root, path)], columns, rows };
  }

  private async ofOrders(
    path: string,
    { from, to, values = orderValues }: { from: number; to: number; values?: typeof orderValues },
  ): Promise<TableInput> {
    const line = (n: number) => csvLine(values(n));
    await this.make(path, (target) => writeLines(target, { head: `${orderHeader}\n`, from, to, line }));
    return { path, csv: [join(this.root, path)], columns: ORDER_COLUMNS, rows: to - from };
  }

  private async make(path: string, write: (target: string) => Promise<void>): Promise<void> {
    const target = join(this.root, path);
    if (!existsSync(target)) {
      await mkdir(join(target, '..'), { recursive: true });
      await write(`${target}.made`);
      await rename(`${target}.made`, target);
    }
    const { ctimeMs } = statSync(target);
    if (Date.now() - ctimeMs < this.stillMs) this.madeAt = Math.max(this.madeAt ?? 0, ctimeMs);
  }
}
