import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export const EXAMPLE_REQUEST_ID = 'b0a1c9d2-6f0e-4c3e-9d1c-0d6f0f5f7c11';

/** One fault of what was sent. */
export class ProblemErrorDto {
  @ApiPropertyOptional({ description: 'Where the faulty value is', example: 'streams[0].table' })
  path?: string;

  @ApiPropertyOptional({ description: 'Line in the text that was sent, from 1', example: 7 })
  line?: number;

  @ApiPropertyOptional({ description: 'Column in that line, from 1', example: 3 })
  column?: number;

  @ApiProperty({
    description: 'What was expected and what was got',
    example: 'expected a table name, got 42',
  })
  message: string;
}

/** Every error answer: `application/problem+json` of RFC 9457. */
export class ProblemDto {
  @ApiProperty({ description: 'Always about:blank: the title says what kind it is', example: 'about:blank' })
  type: string;

  @ApiProperty({ description: 'The name of the HTTP status', example: 'Unprocessable Entity' })
  title: string;

  @ApiProperty({ description: 'The HTTP status', example: 422 })
  status: number;

  @ApiProperty({
    description: 'What is wrong, in a sentence',
    example: 'The config is not valid: streams[0].table: expected a table name, got 42 (line 7, column 3)',
  })
  detail: string;

  @ApiProperty({ description: 'The path that was called', example: '/upload-config' })
  instance: string;

  @ApiProperty({ description: 'A stable code for programs', example: 'INVALID_CONFIG' })
  code: string;

  @ApiProperty({
    description: 'Identifies this request in the log of the service',
    example: EXAMPLE_REQUEST_ID,
  })
  requestId: string;

  @ApiPropertyOptional({ description: 'The faults one by one', type: [ProblemErrorDto] })
  errors?: ProblemErrorDto[];
}
