import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { ToNumber } from '../http/to-number.js';

const most = 100_000;

export class RunLogQueryDto {
  @ApiPropertyOptional({ description: 'Only the last so many lines', minimum: 1, maximum: most })
  @IsOptional()
  @ToNumber()
  @IsInt()
  @Min(1)
  @Max(most)
  tail?: number;

  @ApiPropertyOptional({
    description: '`text` is the same as `Accept: text/plain`: lines for people instead of JSON',
    enum: ['ndjson', 'text'],
  })
  @IsOptional()
  @IsIn(['ndjson', 'text'], { message: 'format: expected ndjson or text' })
  format?: 'ndjson' | 'text';
}
