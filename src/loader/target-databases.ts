import { createHash } from 'node:crypto';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { ApiCursorEntity } from './api-cursor.entity.js';
import { toLoaderError } from './database-errors.js';
import type { LoaderLimits } from './limits.js';
import type { Target } from './load.js';
import { LoadFileEntity } from './load-file.entity.js';
import { LoadEntity } from './load.entity.js';
import { LoadedFileEntity } from './loaded-file.entity.js';
import { LoadedRowHashEntity } from './loaded-row-hash.entity.js';
import { LoadedTableEntity } from './loaded-table.entity.js';
import { migrateTarget } from './migrate-target.js';
import { TargetTables1700000000000 } from './migrations/1700000000000-target-tables.js';
import { RejectFiles1700000000001 } from './migrations/1700000000001-reject-files.js';
import { RejectsByPipeline1700000000002 } from './migrations/1700000000002-rejects-by-pipeline.js';
import { ApiCursors1700000000003 } from './migrations/1700000000003-api-cursors.js';
import { Transforms1700000000011 } from './migrations/1700000000011-transforms.js';
import { LoadColumns1700000000012 } from './migrations/1700000000012-load-columns.js';
import { SchemaChanges1700000000004 } from './migrations/1700000000004-schema-changes.js';
import { WriteModes1700000000006 } from './migrations/1700000000006-write-modes.js';
import { ColumnChanges1700000000007 } from './migrations/1700000000007-column-changes.js';
import { RefusedRows1700000000009 } from './migrations/1700000000009-refused-rows.js';
import { ChildTables1700000000010 } from './migrations/1700000000010-child-tables.js';
import { RejectFileEntity } from './reject-file.entity.js';
import { RejectEntity } from './reject.entity.js';
import { TransformEntity } from './transforms/transform.entity.js';
import { SchemaChangeEntity } from './schema-change.entity.js';
import { WidenedColumnEntity } from './widened-column.entity.js';

/** Injection token of {@link LoaderLimits}. */
export const LOADER_LIMITS = Symbol('LOADER_LIMITS');

/** One pool of connections for each target; the loader's own tables are brought up to date at the first use. */
@Injectable()
export class TargetDatabases implements OnModuleDestroy {
  private readonly logger = new Logger(TargetDatabases.name);
  private readonly open = new Map<string, Promise<DataSource>>();
  /** Those of them whose tables of schema `millrace` are ready. */
  private readonly ready = new Map<string, Promise<DataSource>>();

  constructor(@Inject(LOADER_LIMITS) private readonly limits: LoaderLimits) {}

  /**
   * The target's connections, its tables of schema `millrace` ready.
   *
   * @throws TerminalError or TransientError when the target cannot be used
   */
  async connect(target: Target): Promise<DataSource> {
    return remember(this.ready, keyOf(target), async () => this.migrate(await this.reach(target), target));
  }

  /** The target's connections as they are, whether it has tables of schema `millrace` or not. */
  async reach(target: Target): Promise<DataSource> {
    return remember(this.open, keyOf(target), () => this.initialise(target));
  }

  /** Makes the loader's tables again at the next use: they were missing just now. */
  forgetMigrations(target: Target): void {
    this.ready.delete(keyOf(target));
  }

  async onModuleDestroy(): Promise<void> {
    const all = [...this.open.values()];
    this.open.clear();
    this.ready.clear();
    await Promise.allSettled(all.map(async (database) => (await database).destroy()));
  }

  private async initialise(target: Target): Promise<DataSource> {
    const database = new DataSource(
      dataSourceOptions(target, this.limits, (error) => this.onIdleError(error)),
    );
    try {
      await database.initialize();
    } catch (error) {
      throw toLoaderError(error, describeDatabase(target));
    }
    return database;
  }

  private async migrate(database: DataSource, target: Target): Promise<DataSource> {
    try {
      await migrateTarget(database, this.limits);
      return database;
    } catch (error) {
      throw toLoaderError(error, describeDatabase(target));
    }
  }

  private onIdleError(error: Error): void {
    const reason = toLoaderError(error, 'idle connection');
    this.logger.warn(reason instanceof Error ? reason.message : 'idle connection: lost');
  }
}

/** What was promised under the key; a failure is not remembered, so that the next call tries again. */
function remember<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const before = known.get(key);
  if (before) return before;
  const made = make();
  known.set(key, made);
  made.catch(() => {
    if (known.get(key) === made) known.delete(key);
  });
  return made;
}

/** For messages: which server it is. The names of user and database may come from a variable that holds a secret. */
export function describeDatabase({ host, port }: Target): string {
  return `target on ${host}:${port}`;
}

function keyOf(target: Target): string {
  const { host, port, user, password, database, ssl } = target;
  return createHash('sha256')
    .update(JSON.stringify([host, port, user, password, database, ssl]))
    .digest('hex');
}

/** How a target is opened; exported for the check that entities and migrations agree. */
export function dataSourceOptions(
  target: Target,
  limits: LoaderLimits,
  poolErrorHandler: (error: Error) => void,
): DataSourceOptions {
  return {
    type: 'postgres',
    host: target.host,
    port: target.port,
    username: target.user,
    password: target.password,
    database: target.database,
    ssl: target.ssl,
    schema: 'millrace',
    entities: [
      LoadEntity,
      LoadFileEntity,
      LoadedTableEntity,
      LoadedRowHashEntity,
      LoadedFileEntity,
      RejectEntity,
      RejectFileEntity,
      ApiCursorEntity,
      SchemaChangeEntity,
      WidenedColumnEntity,
      TransformEntity,
    ],
    migrations: [
      TargetTables1700000000000,
      RejectFiles1700000000001,
      RejectsByPipeline1700000000002,
      ApiCursors1700000000003,
      SchemaChanges1700000000004,
      WriteModes1700000000006,
      ColumnChanges1700000000007,
      RefusedRows1700000000009,
      ChildTables1700000000010,
      Transforms1700000000011,
      LoadColumns1700000000012,
    ],
    migrationsTableName: 'target_migrations',
    synchronize: false,
    logging: false,
    installExtensions: false,
    applicationName: 'millrace loader',
    poolSize: limits.poolSize,
    connectTimeoutMS: limits.connectMs,
    poolErrorHandler,
    extra: { keepAlive: true, keepAliveInitialDelayMillis: 10_000, query_timeout: limits.readMs },
  };
}
