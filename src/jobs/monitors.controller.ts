import { Controller, Delete, Get, HttpCode, Param } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiProblem } from '../http/api-problem.js';
import { MonitorDto, MonitorListDto, toMonitorDto } from './monitor.dto.js';
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
      'A pipeline is monitored from its first trigger on, unless its config or the trigger says no. Only its files are ' +
      'looked at, never its APIs: a pipeline of APIs alone is not monitored. Files are told ' +
      'apart by content: what would change the tables or the combined CSV adds a run, also that a file is gone. A file ' +
      'that is renamed or copied is shown and adds none.',
  })
  @ApiOkResponse({ type: MonitorListDto })
  async list(): Promise<MonitorListDto> {
    return { items: (await this.monitors.list()).map(toMonitorDto), nextCursor: null };
  }

  @Get(':pipeline')
  @ApiOperation({ summary: 'One monitored pipeline' })
  @ApiParam({ name: 'pipeline', example: 'shop' })
  @ApiOkResponse({ type: MonitorDto })
  @ApiProblem(404, 'The pipeline is not monitored')
  async get(@Param('pipeline') pipeline: string): Promise<MonitorDto> {
    return toMonitorDto(await this.monitors.get(pipeline));
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
