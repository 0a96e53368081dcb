import { TerminalError } from '../errors.js';
import type { ColumnChange } from './load.js';
import type { TablePlace } from './quote-name.js';
import { SchemaChangeEntity } from './schema-change.entity.js';
import type { Session } from './session.js';

/** On whose behalf the user's schema is changed. */
export interface ChangeOrigin {
  pipeline: string;
  runId: string;
  configVersion: number;
  /** `user`: statements are gathered instead of run, and `settle` refuses to go on without them. */
  managedBy?: 'millrace' | 'user';
}

/**
 * The only way to run DDL on what belongs to the user: each statement is written to `millrace.schema_changes` in the
 * transaction that runs it. Temporary tables are nobody's, and need none of this.
 */
export class SchemaChanges {
  private readonly gathered: string[] = [];
  /** What becomes of columns by these statements, for the run's report. */
  readonly columns: ColumnChange[] = [];
  private isSettled = false;

  constructor(
    private readonly session: Session,
    private readonly origin: ChangeOrigin,
  ) {}

  /** The statements that were run, or that would have to be, in order. */
  get statements(): readonly string[] {
    return this.gathered;
  }

  /** @param place the table that the statement is run for */
  async run(place: TablePlace, statement: string): Promise<void> {
    this.gathered.push(statement);
    if (this.origin.managedBy === 'user') {
      if (this.isSettled) this.settle(place);
      return;
    }
    await this.session.queryOnly(statement);
    const { pipeline, runId, configVersion } = this.origin;
    const what = { pipeline, runId, configVersion, schemaName: place.schema, tableName: place.table };
    await this.session.manager.insert(SchemaChangeEntity, { ...what, statement });
  }

  /**
   * To be asked once all statements are known, before anything counts on them; one that is run after that is refused at
   * once.
   * @throws TerminalError `SCHEMA_MANAGED_BY_USER` with the statements that the user has to run
   */
  settle({ schema, table }: TablePlace): void {
    this.isSettled = true;
    if (this.origin.managedBy !== 'user' || this.gathered.length === 0) return;
    const needed = this.gathered.map((statement) => `${statement};`);
    throw new TerminalError(
      'SCHEMA_MANAGED_BY_USER',
      `table ${schema}.${table}: expected it as the stream needs it, because of schema.managed_by: user; ` +
        `got one that these statements would bring there: ${needed.join(' ')}`,
      needed.map((message) => ({ path: `${schema}.${table}`, message })),
    );
  }
}
