import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, MaxLength } from 'class-validator';
import { nextRun } from './cron-time.js';
import { IfGiven } from './if-given.js';
import type { Schedule } from './schedule.entity.js';

export class ScheduleJobDto {
  @ApiPropertyOptional({
    description: 'Which pipeline; default: the only one there is, else the one called "default"',
    example: 'shop',
  })
  @IfGiven()
  @IsString({ message: 'pipeline: expected a name' })
  pipeline?: string;

  @ApiPropertyOptional({
    description:
      'Minute, hour, day of month, month, day of week; or @hourly, @daily, @weekly, @monthly, @yearly. Where both days ' +
      'are given, either will do',
    default: '0 * * * *',
    example: '0 * * * *',
  })
  @IfGiven()
  @IsString({ message: 'cron: expected five fields such as "0 * * * *"' })
  @MaxLength(200, { message: 'cron: expected at most 200 characters' })
  cron: string = '0 * * * *';

  @ApiPropertyOptional({ description: 'IANA time zone of the cron fields', default: 'UTC', example: 'UTC' })
  @IfGiven()
  @IsString({ message: 'timezone: expected an IANA name such as "Europe/Berlin"' })
  @MaxLength(100, { message: 'timezone: expected at most 100 characters' })
  timezone: string = 'UTC';
}

export class ScheduleDto {
  @ApiProperty({ example: 'shop' })
  pipeline: string;

  @ApiProperty({ example: '0 * * * *' })
  cron: string;

  @ApiProperty({ example: 'UTC' })
  timezone: string;

  @ApiProperty({ description: 'Since when the schedule is this one', format: 'date-time' })
  createdAt: Date;

  @ApiProperty({ description: 'The next slot, that is, moment of the schedule', format: 'date-time' })
  nextRunAt: Date;

  @ApiProperty({
    type: Date,
    format: 'date-time',
    nullable: true,
    description: 'The last slot that was dealt with; null before the first',
  })
  lastSlot: Date | null;

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The run of that slot, or the run that it was skipped for',
  })
  lastRunId: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description:
      'What that slot led to: "added", "skipped: …" when a run of the pipeline was not over yet, "failed: …" when the ' +
      'config could not be opened, "waiting: …" after the clock was set back',
    example: 'added',
  })
  lastResult: string | null;
}

export class ReplacedScheduleDto extends ScheduleDto {
  @ApiProperty({ description: 'The pipeline had a schedule before', example: false })
  replaced: boolean;
}

export class ScheduleListDto {
  @ApiProperty({ type: [ScheduleDto] })
  items: ScheduleDto[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Always null: all are in the answer',
    example: null,
  })
  nextCursor: string | null;
}

/** What users see of a schedule. */
export function toScheduleDto(schedule: Schedule): ScheduleDto {
  const { pipeline, cron, timezone, createdAt, lastSlot, lastRunId, lastResult } = schedule;
  const last = { lastSlot: lastResult === null ? null : lastSlot, lastRunId, lastResult };
  return { pipeline, cron, timezone, createdAt, nextRunAt: nextRun(schedule, new Date()), ...last };
}
