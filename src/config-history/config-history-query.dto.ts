import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, Min } from 'class-validator';

const LIMIT = { message: 'limit: expected a whole number from 1 to 100, got "$value"' };
const FROM = { message: 'from: expected a version number, got "$value"' };
const TO = { message: 'to: expected a version number, got "$value"' };

export class UploadQueryDto {
  @ApiPropertyOptional({
    description: 'Only check the text, store nothing',
    enum: ['true', 'false'],
    default: 'false',
  })
  @IsOptional()
  @IsIn(['true', 'false'], { message: 'dryRun: expected true or false, got "$value"' })
  dryRun: 'true' | 'false' = 'false';
}

export class ConfigPageQueryDto {
  @ApiPropertyOptional({ description: '`nextCursor` of the page before' })
  @IsOptional()
  @IsString({ message: 'cursor: expected one text' })
  cursor?: string;

  @ApiPropertyOptional({ description: 'Most entries in the answer', minimum: 1, maximum: 100, default: 50 })
  @IsOptional()
  @Type(() => Number)
  @IsInt(LIMIT)
  @Min(1, LIMIT)
  @Max(100, LIMIT)
  limit: number = 50;
}

export class ConfigDiffQueryDto {
  @ApiProperty({ description: 'The older version', example: 1 })
  @Type(() => Number)
  @IsInt(FROM)
  @Min(1, FROM)
  from: number;

  @ApiProperty({ description: 'The newer version', example: 2 })
  @Type(() => Number)
  @IsInt(TO)
  @Min(1, TO)
  to: number;
}
