import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, MaxLength } from 'class-validator';
import { IfGiven } from './if-given.js';

export class ScheduleJobDto {
  @ApiPropertyOptional({
    description: 'Which pipeline; default: the only one there is, else the one called "default"',
    example: 'shop',
  })
  @IfGiven()
  @IsString({ message: 'pipeline: expected a name' })
  pipeline?: string;

  @ApiPropertyOptional({
    description: 'Minute, hour, day of month, month, day of week',
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

  @ApiProperty({ format: 'date-time' })
  nextRunAt: Date;

  @ApiProperty({ format: 'date-time' })
  createdAt: Date;
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
