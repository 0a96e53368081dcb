import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, Min } from 'class-validator';
import { ToNumber } from '../http/to-number.js';

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
