import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ConfigAnswers } from './config-answers.js';
import { ConfigHistoryController } from './config-history.controller.js';
import { ConfigHistoryService } from './config-history.service.js';
import { ConfigSchemaController } from './config-schema.controller.js';
import { ConfigVersion } from './config-version.entity.js';

/** The YAML of pipelines: checked, numbered, compared, restored. */
@Module({
  imports: [TypeOrmModule.forFeature([ConfigVersion])],
  controllers: [ConfigHistoryController, ConfigSchemaController],
  providers: [ConfigHistoryService, ConfigAnswers],
  exports: [ConfigHistoryService],
})
export class ConfigHistoryModule {}
