import { Module } from '@nestjs/common';
import { DEFAULT_LIMITS } from './limits.js';
import { LoaderService } from './loader.service.js';
import { TargetAccess } from './target-access.js';
import { LOADER_LIMITS, TargetDatabases } from './target-databases.js';

@Module({
  providers: [
    LoaderService,
    TargetAccess,
    TargetDatabases,
    { provide: LOADER_LIMITS, useValue: DEFAULT_LIMITS },
  ],
  exports: [LoaderService],
})
export class LoaderModule {}
