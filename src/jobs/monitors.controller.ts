import { Controller, Delete, Get, HttpCode, Param } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiProblem } from '../http/api-problem.js';
import { MonitorListDto, toMonitorDto } from './monitor.dto.js';
import { MonitorsService } from './monitors.service.js';

@ApiTags('monitors')
@ApiProblem(401, 'The API key is missing or wrong')
@ApiProblem(503, 'The database does not answer')
@Controller('monitors')
export class MonitorsController {
  constructor(private readonly monitors: MonitorsService) {}

  @Get()
  @ApiOperation({
    summary: 'All monitored pipelines',
    description:
      'A pipeline is monitored from its first trigger on, unless its config or the trigger says no.',
  })
  @ApiOkResponse({ type: MonitorListDto })
  async list(): Promise<MonitorListDto> {
    return { items: (await this.monitors.list()).map(toMonitorDto), nextCursor: null };
  }

  @Delete(':pipeline')
  @HttpCode(204)
  @ApiOperation({ summary: 'Stop monitoring a pipeline', description: 'The next trigger begins it anew.' })
  @ApiParam({ name: 'pipeline', example: 'shop' })
  @ApiNoContentResponse({ description: 'It is not monitored any more' })
  @ApiProblem(404, 'The pipeline is not monitored')
  remove(@Param('pipeline') pipeline: string): Promise<void> {
    return this.monitors.remove(pipeline);
  }
}
