import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { ToNumber } from '../http/to-number.js';
import { RUN_STATES, RUN_TRIGGERS } from './run.dto.js';
import type { RunState, RunTrigger } from './run-report.js';

const LIMIT = { message: 'limit: expected a whole number from 1 to 100' };

export class RunsQueryDto {
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

  @ApiPropertyOptional({ description: '`nextCursor` of the page before' })
  @IsOptional()
  @IsString({ message: 'cursor: expected one text' })
  cursor?: string;

  @ApiPropertyOptional({ description: 'Most runs in the answer', minimum: 1, maximum: 100, default: 50 })
  @IsOptional()
  @ToNumber()
  @IsInt(LIMIT)
  @Min(1, LIMIT)
  @Max(100, LIMIT)
  limit: number = 50;
}
