import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString } from 'class-validator';
import { PageQueryDto } from '../http/page-query.dto.js';

export class RejectsQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ description: 'Only rejects of this table, such as `orders`' })
  @IsOptional()
  @IsString({ message: 'table: expected one text' })
  table?: string;

  @ApiPropertyOptional({ description: 'Only rejects of this file, such as `orders.csv`' })
  @IsOptional()
  @IsString({ message: 'file: expected one text' })
  file?: string;

  @ApiPropertyOptional({ description: 'Only rejects whose fault lies in this column, such as `amount`' })
  @IsOptional()
  @IsString({ message: 'column: expected one text' })
  column?: string;

  @ApiPropertyOptional({
    description: 'Only rejects whose reason has this text in it, upper or lower case',
  })
  @IsOptional()
  @IsString({ message: 'reason: expected one text' })
  reason?: string;

  @ApiPropertyOptional({
    description: '`csv` is the same as `Accept: text/csv`; it has all rejects, without pages',
    enum: ['json', 'csv'],
  })
  @IsOptional()
  @IsIn(['json', 'csv'], { message: 'format: expected json or csv' })
  format?: 'json' | 'csv';
}

export class RejectDto {
  @ApiProperty({ example: 'shop' })
  pipeline: string;

  @ApiProperty({ description: 'The version that refused it, last', example: 1 })
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

  @ApiProperty({ description: 'How many there are that match, on all pages together', example: 3 })
  total: number;
}
