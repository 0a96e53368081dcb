import { type DynamicModule, Module } from '@nestjs/common';
import { ServiceConnection } from './service-connection.js';
import { ServiceDatabase } from './service-database.js';

/** Gives the `ServiceConnection`, once the database that it leads to runs. */
@Module({})
export class ConnectionModule {
  static register(database: ServiceDatabase): DynamicModule {
    return {
      module: ConnectionModule,
      providers: [
        { provide: ServiceDatabase, useValue: database },
        { provide: ServiceConnection, useFactory: () => database.connect() },
      ],
      exports: [ServiceConnection],
    };
  }
}
