import { ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { ConfigChoiceDto } from '../config-choice.dto.js';
import { IfGiven } from '../if-given.js';
import { RunErrorDto, RunProgressDto, SkippedFileDto } from '../run.dto.js';
import type { Plan } from './plan.entity.js';
import type { PlanState, StreamOutcome } from './plan-report.js';

const SHA256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const PLAN_ID = '0198f0a0-5c1e-7d3a-9b1f-2f6c3e8a4d10';

export class PlanRequestDto extends ConfigChoiceDto {}

export class PlanQueryDto {
  @ApiPropertyOptional({ description: '`text`: to read; default: as `Accept` says', enum: ['json', 'text'] })
  @IfGiven()
  @IsIn(['json', 'text'], { message: 'format: expected json or text' })
  format?: 'json' | 'text';
}

class PlannedColumnDto {
  @ApiProperty({ example: 'amount' })
  name: string;

  @ApiProperty({ example: 'numeric(12,2)' })
  type: string;

  @ApiProperty({ description: 'The table has no such column yet', example: true })
  isNew: boolean;

  @ApiProperty({ enum: ['declared', 'table', 'inferred'], description: 'Where the type comes from' })
  origin: 'declared' | 'table' | 'inferred';

  @ApiProperty({ required: false, description: 'The type that it has until then', example: 'integer' })
  from?: string;
}

class ColumnLossDto {
  @ApiProperty({ description: 'The column, or the name in the source that became none', example: 'zip' })
  column: string;

  @ApiProperty({
    enum: [
      'leading_zeros',
      'plus_sign',
      'precision',
      'ambiguous_date',
      'length',
      'nul',
      'long_name',
      'column_left_out',
    ],
    example: 'leading_zeros',
  })
  kind: string;

  @ApiProperty({
    enum: ['altered', 'rejected', 'nulled', 'left_out'],
    description: 'Loaded in another form; refused with its record; NULL instead; the whole column not loaded',
    example: 'altered',
  })
  effect: string;

  @ApiProperty({ example: 'zip: zeros in front are no part of integer; text keeps them' })
  says: string;

  @ApiProperty({ type: Number, nullable: true, description: 'Records that it happens to', example: 3 })
  count: number | null;

  @ApiProperty({ type: [String], example: ['01067'] })
  samples: string[];
}

class PlannedCountsDto {
  @ApiProperty({ example: 1461 })
  read: number;

  @ApiProperty({ example: 1460 })
  inserted: number;

  @ApiProperty({ example: 0 })
  updated: number;

  @ApiProperty({ example: 1 })
  duplicate: number;

  @ApiProperty({ example: 0 })
  rejected: number;
}

class StreamCountsDto extends PlannedCountsDto {
  @ApiProperty({ example: 0 })
  deleted: number;
}

class PlannedFileDto extends PlannedCountsDto {
  @ApiProperty({ example: 0 })
  source: number;

  @ApiProperty({ example: 'orders-2024-01.csv' })
  name: string;

  @ApiProperty({ type: Number, nullable: true, example: 48219 })
  bytes: number | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  copyOf: string | null;
}

const ROW = { type: 'object', additionalProperties: { type: 'string', nullable: true } } as const;

class UpdatedRowDto {
  @ApiProperty(ROW)
  before: Record<string, string | null>;

  @ApiProperty(ROW)
  after: Record<string, string | null>;
}

class RejectSampleDto {
  @ApiProperty({ example: 'orders-2024-01.csv' })
  file: string;

  @ApiProperty({ type: Number, nullable: true, example: 5 })
  line: number | null;

  @ApiProperty({ type: String, nullable: true, example: 'amount' })
  column: string | null;

  @ApiProperty({ example: 'amount: expected numeric(12,2), got "1.5.0"' })
  reason: string;

  @ApiProperty({ example: '4,2,1.5.0,yes,05/02/2024' })
  raw: string;
}

class PlanSamplesDto {
  @ApiProperty({ type: 'array', items: ROW, example: [{ order_id: '1', amount: '19.90' }] })
  inserted: Record<string, string | null>[];

  @ApiProperty({ type: [UpdatedRowDto] })
  updated: UpdatedRowDto[];

  @ApiProperty({ type: 'array', items: ROW, example: [] })
  deleted: Record<string, string | null>[];

  @ApiProperty({ type: [RejectSampleDto] })
  rejected: RejectSampleDto[];
}

const OUTCOMES: StreamOutcome[] = ['loads', 'unchanged', 'empty', 'failed', 'skipped'];

class ChildPlanDto extends StreamCountsDto {
  @ApiProperty({ example: 'orders__items' })
  table: string;
}

class StreamPlanDto {
  @ApiProperty({ example: 'orders' })
  table: string;

  @ApiProperty({
    enum: OUTCOMES,
    description:
      '`unchanged`: no file and no page differs from what was loaded last. `empty`: there is none with records. ' +
      '`failed`: `error` says why. `skipped`: a stream that it needs would fail.',
    example: 'loads',
  })
  state: StreamOutcome;

  @ApiProperty({ type: [PlannedColumnDto] })
  columns: PlannedColumnDto[];

  @ApiProperty({ type: [String], example: ['CREATE TABLE "public"."orders" ("order_id" bigint NOT NULL)'] })
  ddl: string[];

  @ApiProperty({
    type: [String],
    description: 'The same in words',
    example: ['orders is created with 5 columns'],
  })
  changes: string[];

  @ApiProperty({ type: [ColumnLossDto] })
  losses: ColumnLossDto[];

  @ApiProperty({ type: StreamCountsDto })
  counts: StreamCountsDto;

  @ApiProperty({
    type: [ChildPlanDto],
    required: false,
    description: 'Of the tables that `child_tables` makes',
  })
  children?: ChildPlanDto[];

  @ApiProperty({ example: 2 })
  fileCount: number;

  @ApiProperty({ type: [PlannedFileDto], description: 'The first 100' })
  files: PlannedFileDto[];

  @ApiProperty({ type: [SkippedFileDto], description: 'The first 100' })
  skipped: SkippedFileDto[];

  @ApiProperty({
    type: PlanSamplesDto,
    description: 'At most five of each; values as text, cut to 200 characters',
  })
  samples: PlanSamplesDto;

  @ApiProperty({ type: RunErrorDto, nullable: true })
  error: RunErrorDto | null;
}

const STATES: PlanState[] = ['running', 'ready', 'failed'];

export class PlanDto {
  @ApiProperty({ format: 'uuid', example: PLAN_ID })
  planId: string;

  @ApiProperty({ enum: STATES, example: 'ready' })
  state: PlanState;

  @ApiProperty({ example: 'shop' })
  pipeline: string;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'The newest version with this text; null: it was not uploaded',
    example: 1,
  })
  configVersion: number | null;

  @ApiProperty({ description: 'SHA-256 of the text', example: SHA256 })
  checksum: string;

  @ApiProperty({ format: 'date-time' })
  createdAt: Date;

  @ApiProperty({ format: 'date-time', description: 'Until then it can be triggered' })
  expiresAt: Date;

  @ApiProperty({
    type: Boolean,
    nullable: true,
    description: 'All was read that a run would read',
    example: true,
  })
  isComplete: boolean | null;

  @ApiProperty({ type: Boolean, nullable: true, description: 'A run would end as failed', example: false })
  wouldFail: boolean | null;

  @ApiProperty({ type: 'array', items: { $ref: getSchemaPath(StreamPlanDto) } })
  streams: StreamPlanDto[];

  @ApiProperty({ type: [String] })
  warnings: string[];

  @ApiProperty({ type: RunProgressDto, nullable: true, description: 'How far it is while it is running' })
  progress: RunProgressDto | null;

  @ApiProperty({ type: RunErrorDto, nullable: true, description: 'Why there is no plan' })
  error: RunErrorDto | null;
}

export { StreamPlanDto };

/** What users see of a plan. */
export function toPlanDto(plan: Plan): PlanDto {
  const { id: planId, state, pipeline, configVersion, checksum, createdAt, expiresAt } = plan;
  const { report, progress, error } = plan;
  return {
    planId,
    state,
    pipeline,
    configVersion,
    checksum,
    createdAt,
    expiresAt,
    isComplete: report?.isComplete ?? null,
    wouldFail: report?.wouldFail ?? null,
    streams: report?.streams ?? [],
    warnings: report?.warnings ?? [],
    progress,
    error,
  };
}
