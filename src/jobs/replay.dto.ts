import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsString, Min, MinLength } from 'class-validator';
import { IfGiven } from './if-given.js';

export class ReplayRejectsDto {
  @ApiPropertyOptional({
    description: 'Config version that the records are run through; default: the newest',
    example: 2,
  })
  @IfGiven()
  @IsInt({ message: 'version: expected a whole number from 1' })
  @Min(1, { message: 'version: expected a whole number from 1' })
  version?: number;

  @ApiPropertyOptional({ description: 'Only rejects of this table; default: of all', example: 'orders' })
  @IfGiven()
  @IsString({ message: 'table: expected a name' })
  @MinLength(1, { message: 'table: expected a name' })
  table?: string;
}
