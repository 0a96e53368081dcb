import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { ToNumber } from '../http/to-number.js';

const LIMIT = { message: 'limit: expected a whole number from 1 to 100' };
const FROM = { message: 'from: expected a version number' };
const TO = { message: 'to: expected a version number' };

export class UploadQueryDto {
  @ApiPropertyOptional({
    description: 'Only check the text, store nothing',
    enum: ['true', 'false'],
    default: 'false',
  })
  @IsOptional()
  @IsIn(['true', 'false'], { message: 'dryRun: expected true or false' })
  dryRun: 'true' | 'false' = 'false';
}

export class ConfigPageQueryDto {
  @ApiPropertyOptional({ description: '`nextCursor` of the page before' })
  @IsOptional()
  @IsString({ message: 'cursor: expected one text' })
  cursor?: string;

  @ApiPropertyOptional({ description: 'Most entries in the answer', minimum: 1, maximum: 100, default: 50 })
  @IsOptional()
  @ToNumber()
  @IsInt(LIMIT)
  @Min(1, LIMIT)
  @Max(100, LIMIT)
  limit: number = 50;
}

export class ConfigDiffQueryDto {
  @ApiProperty({ description: 'The older version', example: 1 })
  @ToNumber()
  @IsInt(FROM)
  @Min(1, FROM)
  from: number;

  @ApiProperty({ description: 'The newer version', example: 2 })
  @ToNumber()
  @IsInt(TO)
  @Min(1, TO)
  to: number;
}
