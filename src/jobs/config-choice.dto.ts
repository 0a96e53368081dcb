import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsString, Min } from 'class-validator';
import { IfGiven } from './if-given.js';

/** Which config a call is about. */
export class ConfigChoiceDto {
  @ApiPropertyOptional({
    description: 'Which pipeline; default: the only one there is, else the one called "default"',
    example: 'shop',
  })
  @IfGiven()
  @IsString({ message: 'pipeline: expected a name' })
  pipeline?: string;

  @ApiPropertyOptional({ description: 'Which config version; default: the newest', example: 1 })
  @IfGiven()
  @IsInt({ message: 'version: expected a whole number from 1' })
  @Min(1, { message: 'version: expected a whole number from 1' })
  version?: number;
}
