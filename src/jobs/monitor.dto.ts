import { ApiProperty } from '@nestjs/swagger';
import type { Monitor } from './monitor.entity.js';

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
    description: 'What the last look led to',
    example: 'unchanged',
  })
  lastResult: string | null;
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
export function toMonitorDto({
  pipeline,
  everySeconds,
  lastLookAt,
  nextLookAt,
  lastResult,
}: Monitor): MonitorDto {
  return { pipeline, everySeconds, lastLookAt, nextLookAt, lastResult };
}
