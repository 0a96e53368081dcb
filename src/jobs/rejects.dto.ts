import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { ToNumber } from '../http/to-number.js';

const LIMIT = { message: 'limit: expected a whole number from 1 to 100' };

export class RejectsQueryDto {
  @ApiPropertyOptional({ description: 'Only rejects of this table, such as `orders`' })
  @IsOptional()
  @IsString({ message: 'table: expected one text' })
  table?: string;

  @ApiPropertyOptional({ description: 'Only rejects of this file, such as `orders.csv`' })
  @IsOptional()
  @IsString({ message: 'file: expected one text' })
  file?: string;

  @ApiPropertyOptional({ description: '`nextCursor` of the page before; not for CSV, which has all' })
  @IsOptional()
  @IsString({ message: 'cursor: expected one text' })
  cursor?: string;

  @ApiPropertyOptional({ description: 'Most rejects in the answer', minimum: 1, maximum: 100, default: 50 })
  @IsOptional()
  @ToNumber()
  @IsInt(LIMIT)
  @Min(1, LIMIT)
  @Max(100, LIMIT)
  limit: number = 50;

  @ApiPropertyOptional({ description: '`csv` is the same as `Accept: text/csv`', enum: ['json', 'csv'] })
  @IsOptional()
  @IsIn(['json', 'csv'], { message: 'format: expected json or csv' })
  format?: 'json' | 'csv';
}

export class RejectDto {
  @ApiProperty({ example: 'shop' })
  pipeline: string;

  @ApiProperty({ example: 1 })
  configVersion: number;

  @ApiProperty({ example: 'orders' })
  table: string;

  @ApiProperty({ description: 'Number of the source in its stream, from 0', example: 0 })
  source: number;

  @ApiProperty({ example: 'orders.csv' })
  file: string;

  @ApiProperty({ type: Number, nullable: true, description: 'Where the record begins, from 1', example: 7 })
  line: number | null;

  @ApiProperty({ type: String, nullable: true, example: 'amount' })
  column: string | null;

  @ApiProperty({ example: 'expected numeric(12,2), got "1.5.0"' })
  reason: string;

  @ApiProperty({ description: 'The record as it stood in the file', example: '17,1.5.0,2024-02-01' })
  raw: string;
}

export class RejectPageDto {
  @ApiProperty({ type: [RejectDto] })
  items: RejectDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}
