import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString } from 'class-validator';
import { PageQueryDto } from '../http/page-query.dto.js';

export class SchemaChangesQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ description: 'Only changes for this table, such as `orders`' })
  @IsOptional()
  @IsString({ message: 'table: expected one text' })
  table?: string;
}

export class SchemaChangeDto {
  @ApiProperty({ description: 'Counts up', example: '12' })
  id: string;

  @ApiProperty({ example: 'public' })
  schema: string;

  @ApiProperty({ description: 'The table that it was run for', example: 'orders' })
  table: string;

  @ApiProperty({ format: 'uuid', example: '0198f0a0-5c1e-7d3a-9b1f-2f6c3e8a4d10' })
  runId: string;

  @ApiProperty({ example: 1 })
  configVersion: number;

  @ApiProperty({ example: 'ALTER TABLE "public"."orders" ADD COLUMN "note" text' })
  statement: string;

  @ApiProperty({ format: 'date-time' })
  at: Date;
}

export class SchemaChangePageDto {
  @ApiProperty({ type: [SchemaChangeDto] })
  items: SchemaChangeDto[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'For the next page; null on the last',
    example: null,
  })
  nextCursor: string | null;
}
