import { ApiProperty } from '@nestjs/swagger';
import { FILE_CHANGES, type FileChange, type MonitorSight } from './monitor-sight.js';
import type { Monitor } from './monitor.entity.js';

class ChangedFileDto {
  @ApiProperty({ example: 'orders' })
  table: string;

  @ApiProperty({ description: 'Index of the source in its stream', example: 0 })
  source: number;

  @ApiProperty({ example: '2024-02.csv' })
  name: string;

  @ApiProperty({ enum: FILE_CHANGES, example: 'appended' })
  change: FileChange;

  @ApiProperty({
    type: String,
    nullable: true,
    description: "The name that a renamed or copied file's content had, or has too",
    example: null,
  })
  from: string | null;
}

class SkippedSightDto {
  @ApiProperty({ example: 'orders' })
  table: string;

  @ApiProperty({ description: 'Index of the source in its stream', example: 0 })
  source: number;

  @ApiProperty({ example: '2024-03.csv' })
  name: string;

  @ApiProperty({ example: 'expected a file that stands still, got one that is still growing' })
  reason: string;
}

export class MonitorSightDto implements MonitorSight {
  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The run whose files these are compared with; null when none has looked yet',
    example: '0198f0a0-0000-7000-8000-00000000000a',
  })
  runId: string | null;

  @ApiProperty({ example: 12 })
  files: number;

  @ApiProperty({ description: 'Size of the files together', example: 48211 })
  bytes: number;

  @ApiProperty({ description: 'Files that may still be being written; a later look takes them', example: 1 })
  unsettled: number;

  @ApiProperty({ description: 'Files that are left alone for another reason', example: 0 })
  skipped: number;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: `How many files changed in which way (${FILE_CHANGES.join(', ')}) since that run`,
    example: { new: 3, appended: 1 },
  })
  changes: MonitorSight['changes'];

  @ApiProperty({ type: [ChangedFileDto], description: 'The first twenty of them' })
  examples: ChangedFileDto[];

  @ApiProperty({ type: [SkippedSightDto], description: 'The first twenty that are unsettled or skipped' })
  skippedExamples: SkippedSightDto[];

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Since when changes wait for files that are being written; null when none do',
    example: null,
  })
  waitingSince: string | null;
}

export class MonitorDto {
  @ApiProperty({ example: 'shop' })
  pipeline: string;

  @ApiProperty({ description: 'Time between two looks', example: 60 })
  everySeconds: number;

  @ApiProperty({ type: Date, format: 'date-time', nullable: true })
  lastLookAt: Date | null;

  @ApiProperty({ format: 'date-time' })
  nextLookAt: Date;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What the last look led to, or why it failed; null before the first look',
    example: 'changed (new 3, appended 1): added run 0198f0a0-0000-7000-8000-00000000000b',
  })
  lastResult: string | null;

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The last run that the monitor added',
    example: '0198f0a0-0000-7000-8000-00000000000b',
  })
  lastRunId: string | null;

  @ApiProperty({
    type: MonitorSightDto,
    nullable: true,
    description: 'What the last look saw that got as far; null before the first, and after one that failed',
  })
  saw: MonitorSightDto | null;
}

export class MonitorListDto {
  @ApiProperty({ type: [MonitorDto] })
  items: MonitorDto[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Always null: all are in the answer',
    example: null,
  })
  nextCursor: string | null;
}

/** What users see of a monitor. */
export function toMonitorDto(monitor: Monitor): MonitorDto {
  const { pipeline, everySeconds, lastLookAt, nextLookAt, lastResult, lastRunId, saw } = monitor;
  return { pipeline, everySeconds, lastLookAt, nextLookAt, lastResult, lastRunId, saw };
}
