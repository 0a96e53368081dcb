import { Module } from '@nestjs/common';
import { Engine } from './engine.js';
import { SchemaService } from './schema.service.js';

@Module({ providers: [Engine, SchemaService], exports: [SchemaService] })
export class SchemaModule {}
