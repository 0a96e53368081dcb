import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsUUID } from 'class-validator';
import { ConfigChoiceDto } from './config-choice.dto.js';
import { IfGiven } from './if-given.js';

export class TriggerJobDto extends ConfigChoiceDto {
  @ApiPropertyOptional({
    description:
      "false: only this run. Default: afterwards the pipeline's files are looked at as its config says",
    example: true,
  })
  @IfGiven()
  @IsBoolean({ message: 'monitor: expected true or false' })
  monitor?: boolean;

  @ApiPropertyOptional({
    format: 'uuid',
    description:
      'Run what this plan says, or refuse; from `POST /plan`, instead of `pipeline` and `version`. Its text must be uploaded.',
    example: '0198f0a0-5c1e-7d3a-9b1f-2f6c3e8a4d10',
  })
  @IfGiven()
  @IsUUID('all', { message: 'planId: expected the id of a plan' })
  planId?: string;
}
