import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsString, Min } from 'class-validator';
import { IfGiven } from './if-given.js';

export class TriggerJobDto {
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

  @ApiPropertyOptional({
    description:
      "false: only this run. Default: afterwards the pipeline's files are looked at as its config says",
    example: true,
  })
  @IfGiven()
  @IsBoolean({ message: 'monitor: expected true or false' })
  monitor?: boolean;
}
