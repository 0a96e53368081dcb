import { Controller, Get, Header, ServiceUnavailableException } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { HealthCheckService, TypeOrmHealthIndicator } from '@nestjs/terminus';
import { ApiProblem } from './api-problem.js';
import { Public } from './public.js';
import { settlesWithin } from './settles-within.js';

const pingMs = 5_000;
// Ends what nobody waits for any more.
const lostPingMs = 60_000;

export class HealthDto {
  @ApiProperty({ enum: ['ok'], example: 'ok' })
  status: 'ok';
}

@ApiTags('health')
@Public()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly database: TypeOrmHealthIndicator,
  ) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Whether the service can work',
    description: `Asks the service's own database for an answer within ${pingMs / 1_000} seconds. Needs no API key.`,
  })
  @ApiOkResponse({ description: 'The service and its database answer', type: HealthDto })
  @ApiProblem(503, 'The database does not answer')
  async check(): Promise<HealthDto> {
    const answer = this.health.check([() => this.database.pingCheck('database', { timeout: lostPingMs })]);
    const isAnswered =
      (await settlesWithin(answer, pingMs)) &&
      (await answer.then(
        () => true,
        () => false,
      ));
    if (isAnswered) return { status: 'ok' };
    throw new ServiceUnavailableException('the database does not answer');
  }
}
