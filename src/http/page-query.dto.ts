import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { ToNumber } from './to-number.js';

const LIMIT = { message: 'limit: expected a whole number from 1 to 100' };

/** The query of every list that is answered in pages. */
export class PageQueryDto {
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
