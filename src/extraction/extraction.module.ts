import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ExtractionService } from './extraction.service.js';
import { FileLook } from './file-look.entity.js';
import { FileLooks } from './file-looks.js';

@Module({
  imports: [TypeOrmModule.forFeature([FileLook])],
  providers: [ExtractionService, FileLooks],
  exports: [ExtractionService],
})
export class ExtractionModule {}
