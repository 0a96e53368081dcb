import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { TerminalError } from '../errors.js';
import { ExtractionService } from '../extraction/extraction.service.js';
import type { LandedFile } from '../extraction/landed-file.js';
import { indexColumn } from '../extraction/nested/nested-rules.js';
import type { ChildOf } from '../loader/child-tables.js';
import type { ChildLoad } from '../loader/load.js';
import { LoaderService } from '../loader/loader.service.js';
import type { WriteRule } from '../loader/write/write-rule.js';
import { formatColumnType } from '../schema/column-types.js';
import { SchemaService } from '../schema/schema.service.js';
import type { Stage } from '../schema/stage.js';
import type { DeclaredColumn } from '../schema/stage-request.js';
import { noCounts } from './run-report.js';
import { logStep, type StreamWalk } from './run-walk.js';
import { type ChildTable, splitFiles } from './split-files.js';
import { bearRejects, mostRejects } from './table-constraints.js';
import { childReport } from './stream-report.js';

type Child = Omit<ChildTable, 'files' | 'hasElements'>;

/** Tables for the arrays inside a stream's records: staged behind the stream's own table, loaded together with it. */
@Injectable()
export class ChildSteps {
  constructor(
    private readonly extraction: ExtractionService,
    private readonly schema: SchemaService,
    private readonly loader: LoaderService,
  ) {}

  /**
   * Stages the child tables of a stream, and those of earlier loads of which there is no element this time.
   * @param landed the stream's files, as they were before they were split
   * @param parent stage of the stream's own table
   * @throws RejectLimit when the contract does not bear the rejects of one of them
   */
  async stage(
    at: StreamWalk,
    { landed, children: all }: { landed: LandedFile[]; children: ChildTable[] },
    parent: Stage,
  ): Promise<void> {
    if (!at.stream.childTables) return;
    const found = (await this.splitNewest(at, landed, parent)) ?? all;
    const stages = new Map([[at.stream.table, parent]]);
    const children: Child[] = [];
    for (const child of [...found, ...(await this.findGone(at, found))]) {
      const stage = await this.stageChild(at, child, stages.get(child.parent));
      if (!stage) continue;
      const { files: _files, hasElements: _has, ...own } = child;
      stages.set(child.table, stage);
      children.push(own);
      const { rows, rejected } = stage;
      logStep(at, 'stage', 'staged a child table', { table: child.table, rows, rejected });
    }
    await writeFile(listPath(at), JSON.stringify(children), { flush: true });
  }

  /** Names the child tables of earlier loads in the report of a stream of which nothing is loaded. */
  async noteUnchanged({ stream, report, target }: StreamWalk): Promise<void> {
    if (!stream.childTables) return;
    const known = await this.loader.children(target(), stream.table);
    report.children = known.map(({ table }) => childReport({ table, ...noCounts(), deleted: 0 }, report));
  }

  /** The child tables that are staged, as they are to be loaded. */
  async loads(at: StreamWalk): Promise<ChildLoad[]> {
    if (!at.stream.childTables) return [];
    const children = JSON.parse(await readFile(listPath(at), 'utf8')) as Child[];
    const loads: ChildLoad[] = [];
    for (const { table, parent, parentKey, references } of children) {
      const stage = await this.schema.reopen(at.folder.stream(at.index), table);
      if (!stage) throw new Error(`expected the stage of ${table}, which was finished before this step`);
      const of = { root: at.stream.table, parent, parentKey, references };
      const write = childRule(at.stream, parentKey);
      loads.push({ table, stage, write, ...rulesOf({ ...at.stream, table }, stage, of), of });
    }
    return loads;
  }

  /** Where a row is as its newest record is, the arrays of older ones do not count. null: there are no older ones. */
  private async splitNewest(
    at: StreamWalk,
    landed: LandedFile[],
    parent: Stage,
  ): Promise<ChildTable[] | null> {
    const { write, key = [], orderBy } = at.stream;
    const signal = at.signals.work;
    if (write === 'append') return null;
    const newest = await parent.newestOf(key, orderBy, signal);
    if (!newest) return null;
    const place = { folder: at.folder.stream(at.index), signal, newest };
    return (await splitFiles(this.extraction, at.stream, landed, place)).children;
  }

  /** Where rows are brought up to date, the elements of arrays that are gone have to go. */
  private async findGone(at: StreamWalk, found: ChildTable[]): Promise<ChildTable[]> {
    if (at.stream.write === 'append') return [];
    const tables = new Set(found.map(({ table }) => table));
    const known = await this.loader.children(at.target(), at.stream.table);
    return known
      .filter(({ table }) => !tables.has(table))
      .map(({ root: _root, ...child }) => ({ ...child, files: [], hasElements: false }));
  }

  /** null: there are no elements, and no table that could have any. */
  private async stageChild(at: StreamWalk, child: ChildTable, parent?: Stage): Promise<Stage | null> {
    const { table, files } = child;
    const { naming, contract, batchRows } = at.stream;
    const existing = await this.loader.describe(at.target(), table);
    if (!parent || (!existing && !child.hasElements)) return null;
    const columns = keyColumns(child, parent);
    const how = {
      table,
      naming,
      strictMode: false,
      columns,
      contract,
      batchRows,
      duplicates: 'drop' as const,
    };
    const what = { folder: at.folder.stream(at.index), files, copies: [], existing, keepPlaces: true };
    return this.schema.stage({ ...how, ...what, signal: at.signals.work });
  }
}

function listPath({ folder, index, stream }: StreamWalk): string {
  return join(folder.stream(index), `${stream.table}.children.json`);
}

/** The columns that lead to the parent have its types, whatever the values look like. */
function keyColumns({ table, parent, parentKey, references }: Child, stage: Stage): DeclaredColumn[] {
  const own = { required: true, formats: [] };
  const inherited = references.map((name, at) => {
    const column = stage.columns.find((one) => one.name === name);
    if (column) return { name: parentKey[at]!, type: formatColumnType(column.type), ...own };
    const message = `${table}: expected a column ${name} in ${parent}, whose key it is part of, got none`;
    throw new TerminalError('KEY_MISSING', message);
  });
  return [...inherited, { name: indexColumn, type: 'bigint', ...own }];
}

/** A row that its parent's table does not have is nobody's; with its parent it goes. */
function rulesOf(child: StreamWalk['stream'], stage: Stage, { parent, parentKey, references }: ChildOf) {
  const parentRow = { table: parent, columns: references, isStream: true };
  const foreignKey = { columns: parentKey, references: parentRow, onDelete: 'cascade' as const };
  return {
    constraints: { unique: [], foreignKeys: [foreignKey], checks: [] },
    mostRejects: mostRejects(child, stage),
    bearRejects: bearRejects(child),
  };
}

/** Elements have no names that last: with their row they are as its newest arrays are. */
function childRule(
  { table, write, key: rootKey = [] }: StreamWalk['stream'],
  parentKey: string[],
): WriteRule {
  const key = [...parentKey, indexColumn];
  if (write === 'append') return { mode: 'append', key };
  // The keys of what is further up come first.
  const within = { columns: parentKey.slice(0, rootKey.length), root: table };
  return { mode: 'replace', key, minRows: 0, ...(write === 'upsert' && { within }) };
}
