import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Registry } from 'prom-client';
import { ApiProblem } from './api-problem.js';

@ApiTags('health')
@ApiProblem(401, 'The API key is missing or wrong')
@Controller('metrics')
export class MetricsController {
  constructor(private readonly registry: Registry) {}

  @Get()
  @Header('Content-Type', Registry.PROMETHEUS_CONTENT_TYPE)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Figures for Prometheus',
    description:
      "In Prometheus' text format. Counters and durations are those of this process since it started, and a run counts " +
      'when it is over; what is stored (`millrace_runs`, the queue, monitors, schedules) is left out while the database ' +
      'is away, and `millrace_database_up` is 0.',
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'The figures', content: { 'text/plain': { schema: { type: 'string' } } } })
  scrape(): Promise<string> {
    return this.registry.metrics();
  }
}
