import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsDate, IsIn, IsOptional, IsString } from 'class-validator';
import { PageQueryDto } from '../http/page-query.dto.js';
import { parseMoment } from './parse-moment.js';
import { FILE_STATES, RUN_STATES, RUN_TRIGGERS } from './run.dto.js';
import type { FileState, RunState, RunTrigger } from './run-report.js';

export class RunsQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ description: 'Only runs of this pipeline, such as `shop`' })
  @IsOptional()
  @IsString({ message: 'pipeline: expected one text' })
  pipeline?: string;

  @ApiPropertyOptional({ description: 'Only runs in this state', enum: RUN_STATES })
  @IsOptional()
  @IsIn(RUN_STATES, { message: `state: expected one of ${RUN_STATES.join(', ')}` })
  state?: RunState;

  @ApiPropertyOptional({ description: 'Only runs that were started so', enum: RUN_TRIGGERS })
  @IsOptional()
  @IsIn(RUN_TRIGGERS, { message: `trigger: expected one of ${RUN_TRIGGERS.join(', ')}` })
  trigger?: RunTrigger;

  @ApiPropertyOptional({
    description: 'Only runs that were queued at this date and time or later, such as `2026-11-21T06:00:00Z`',
    type: String,
    format: 'date-time',
  })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' && parseMoment(value)) || value)
  @IsDate({ message: 'since: expected a date and time with an offset such as 2026-11-21T06:00:00Z' })
  since?: Date;
}

export class RunFilesQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ description: 'Only files of the stream with this table, such as `orders`' })
  @IsOptional()
  @IsString({ message: 'table: expected one text' })
  table?: string;

  @ApiPropertyOptional({ description: 'Only files in this state', enum: FILE_STATES })
  @IsOptional()
  @IsIn(FILE_STATES, { message: `state: expected one of ${FILE_STATES.join(', ')}` })
  state?: FileState;
}
