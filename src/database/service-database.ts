import { join } from 'node:path';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import type { Settings } from '../settings/settings.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.js';
import { openDataSource } from './open-data-source.js';
import { type ServiceConnection, toServiceConnection } from './service-connection.js';

/** The life of the service's own database: the embedded PostgreSQL, when it is the configured one, and the pool. */
export class ServiceDatabase implements OnApplicationShutdown {
  private embedded: EmbeddedPostgres | null = null;
  private dataSource: DataSource | null = null;

  constructor(private readonly settings: Settings) {}

  /** Starts the embedded PostgreSQL when no other database is configured. */
  async connect(): Promise<ServiceConnection> {
    const { database, home } = this.settings;
    if (database.kind === 'embedded') {
      this.embedded ??= await startEmbeddedPostgres({ folder: join(home, 'postgres') });
    }
    return toServiceConnection(database, this.embedded?.connection ?? null);
  }

  /** The migrated DataSource. When it cannot be had, nothing is left running. */
  async open(options: PostgresDataSourceOptions): Promise<DataSource> {
    try {
      this.dataSource = await openDataSource(options);
      return this.dataSource;
    } catch (error) {
      await this.onApplicationShutdown();
      throw error;
    }
  }

  /** The pool first, whoever comes first: Nest's own hook for it may run after this one. */
  async onApplicationShutdown(): Promise<void> {
    if (this.dataSource?.isInitialized) await this.dataSource.destroy();
    await this.embedded?.stop();
  }
}
