import { type DynamicModule, Logger, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { ormconfig } from '../../ormconfig.js';
import type { Settings } from '../settings/settings.js';
import { ConnectionModule } from './connection.module.js';
import { ServiceConnection } from './service-connection.js';
import { ServiceDatabase } from './service-database.js';

/** The service's own database for every module: running, migrated, and open to `TypeOrmModule.forFeature`. */
@Module({})
export class DatabaseModule {
  static register(settings: Settings): DynamicModule {
    const database = new ServiceDatabase(settings);
    const connectionModule = ConnectionModule.register(database);
    return {
      module: DatabaseModule,
      global: true,
      imports: [connectionModule, openTypeOrm(database, connectionModule)],
      exports: [connectionModule],
    };
  }
}

function openTypeOrm(database: ServiceDatabase, connectionModule: DynamicModule): DynamicModule {
  const logger = new Logger('Database');
  return TypeOrmModule.forRootAsync({
    imports: [connectionModule],
    inject: [ServiceConnection],
    useFactory: (connection: ServiceConnection) => ({
      ...ormconfig(connection),
      autoLoadEntities: true,
      // Waiting for the server is the work of `open`; what it throws is final.
      toRetry: () => false,
      poolErrorHandler: (error: Error) => logger.warn(`an idle connection was lost: ${error.message}`),
    }),
    dataSourceFactory: (options) => database.open(options as PostgresDataSourceOptions),
  });
}
