import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiRate } from './api/api-rate.entity.js';
import { ApiToken } from './api/api-token.entity.js';
import { ExtractionService } from './extraction.service.js';
import { FileLook } from './file-look.entity.js';
import { FileLooks } from './file-looks.js';

@Module({
  imports: [TypeOrmModule.forFeature([FileLook, ApiToken, ApiRate])],
  providers: [ExtractionService, FileLooks],
  exports: [ExtractionService],
})
export class ExtractionModule {}
