import { type DynamicModule, Module } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { ConfigHistoryModule } from './config-history/config-history.module.js';
import { DatabaseModule } from './database/database.module.js';
import { ExtractionModule } from './extraction/extraction.module.js';
import { loggingOptions } from './http/logging.js';
import { RestModule } from './http/rest.module.js';
import { JobsModule } from './jobs/jobs.module.js';
import { LoaderModule } from './loader/loader.module.js';
import { SchemaModule } from './schema/schema.module.js';
import type { Settings } from './settings/settings.js';
import { SettingsModule } from './settings/settings.module.js';

/** The whole service. */
@Module({})
export class AppModule {
  static register(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SettingsModule.register(settings),
        LoggerModule.forRoot(loggingOptions(settings.logLevel)),
        DatabaseModule.register(settings),
        RestModule,
        ConfigHistoryModule,
        ExtractionModule,
        SchemaModule,
        LoaderModule,
        JobsModule,
      ],
    };
  }
}
