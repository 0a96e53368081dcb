import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean } from 'class-validator';
import { IfGiven } from './if-given.js';

export class ResetStreamDto {
  @ApiPropertyOptional({
    description: 'Forget how far the APIs of the stream were read: the next run asks for everything',
    default: true,
  })
  @IfGiven()
  @IsBoolean({ message: 'cursors: expected true or false' })
  cursors?: boolean;

  @ApiPropertyOptional({
    description: 'Forget which rows and files the table has got, from this and any other pipeline',
    default: true,
  })
  @IfGiven()
  @IsBoolean({ message: 'hashes: expected true or false' })
  hashes?: boolean;

  @ApiPropertyOptional({
    description: 'Empty the table. Forgets the cursors of all pipelines that load it',
    default: false,
  })
  @IfGiven()
  @IsBoolean({ message: 'truncate: expected true or false' })
  truncate?: boolean;
}

/** What was forgotten. */
export class ResetDto {
  @ApiProperty({ example: 'shop' })
  pipeline: string;

  @ApiProperty({ example: 'orders' })
  table: string;

  @ApiProperty({ description: 'Loads that the next run does not compare itself with any more', example: 12 })
  loads: number;

  @ApiProperty({ description: 'Cursors that were forgotten', example: 1 })
  cursors: number;

  @ApiProperty({ description: 'Rows that were forgotten', example: 250_000 })
  hashes: number;

  @ApiProperty({
    description: 'Files that were forgotten, where the table was written by `insert`',
    example: 0,
  })
  files: number;

  @ApiProperty({ description: 'The table was there and is empty now', example: false })
  truncated: boolean;
}
