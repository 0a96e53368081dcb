import { Controller, Get, HttpCode, Param, Post, Query, Req, StreamableFile } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiTags,
  getSchemaPath,
  ApiExtraModels,
} from '@nestjs/swagger';
import type { Request } from 'express';
import { ApiProblem } from '../http/api-problem.js';
import { RejectPageDto, RejectsQueryDto } from './rejects.dto.js';
import { RunResults } from './run-results.js';
import { FilePageDto, RunDto, RunPageDto, toRunDto, toRunSummaryDto } from './run.dto.js';
import { RunFilesQueryDto, RunsQueryDto } from './runs-query.dto.js';
import { RunsService } from './runs.service.js';

const RUN_ID = { name: 'id', format: 'uuid', description: 'As `POST /trigger-job` answered it' };
const CSV = { schema: { type: 'string', format: 'binary' } };

@ApiTags('runs')
@ApiExtraModels(RejectPageDto)
@ApiProblem(401, 'The API key is missing or wrong')
@ApiProblem(503, 'The database does not answer')
@Controller('runs')
export class RunsController {
  constructor(
    private readonly runs: RunsService,
    private readonly results: RunResults,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The history of runs', description: 'The newest first, a page at a time.' })
  @ApiOkResponse({ type: RunPageDto })
  @ApiProblem(400, 'A filter, the limit or the cursor is wrong')
  async list(@Query() query: RunsQueryDto): Promise<RunPageDto> {
    const page = await this.runs.list(query);
    return { items: page.items.map(toRunSummaryDto), nextCursor: page.nextCursor };
  }

  @Get(':id')
  @ApiOperation({
    summary: 'One run',
    description:
      'With its counts for each stream and file: read = inserted + updated + duplicate + rejected.',
  })
  @ApiParam(RUN_ID)
  @ApiOkResponse({ type: RunDto })
  @ApiProblem(404, 'There is no such run')
  async get(@Param('id') id: string): Promise<RunDto> {
    return toRunDto(await this.runs.getToShow(id));
  }

  @Post(':id/cancel')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Stop a run',
    description:
      'A queued run is cancelled at once, unless it had come as far as a load before; then its next worker settles ' +
      'that. One that is running ends within seconds; the load that is under way is ' +
      'rolled back, loads of its streams that were committed before stay. When the last load was committed before the ' +
      'cancel came, the run ends as succeeded. Cancelling again changes nothing.',
  })
  @ApiParam(RUN_ID)
  @ApiAcceptedResponse({ type: RunDto, description: 'The run; `state` says whether it is over yet' })
  @ApiProblem(404, 'There is no such run')
  @ApiProblem(409, 'The run has succeeded or failed already')
  async cancel(@Param('id') id: string): Promise<RunDto> {
    return toRunDto(await this.runs.cancel(id));
  }

  @Get(':id/files')
  @ApiOperation({
    summary: 'The files of a run',
    description: 'All of them, a page at a time, in the order of the streams, their sources and the names.',
  })
  @ApiParam(RUN_ID)
  @ApiOkResponse({ type: FilePageDto })
  @ApiProblem(400, 'A filter, the limit or the cursor is wrong')
  @ApiProblem(404, 'There is no such run')
  async files(@Param('id') id: string, @Query() query: RunFilesQueryDto): Promise<FilePageDto> {
    return this.runs.files(id, query);
  }

  @Get(':id/rejects')
  @ApiOperation({
    summary: 'The records that a run refused',
    description:
      'Each with its file, line, column, reason and raw text, as JSON pages, or all of them as CSV (`Accept: ' +
      'text/csv` or `?format=csv`). In the CSV a text that a spreadsheet would run as a formula (it begins with ' +
      '`=`, `+`, `-`, `@`, a tab or a carriage return) has an apostrophe in front; the JSON has it as it was.',
  })
  @ApiParam(RUN_ID)
  @ApiProduces('application/json', 'text/csv')
  @ApiOkResponse({
    description: 'A page of rejects, or all as CSV',
    content: { 'application/json': { schema: { $ref: getSchemaPath(RejectPageDto) } }, 'text/csv': CSV },
  })
  @ApiProblem(400, 'The limit, the cursor or the format is wrong')
  @ApiProblem(404, 'There is no such run')
  async rejects(
    @Param('id') id: string,
    @Query() query: RejectsQueryDto,
    @Req() request: Request,
  ): Promise<RejectPageDto | StreamableFile> {
    const isCsv = (query.format ?? request.accepts('json', 'text/csv')) !== 'json';
    return isCsv ? this.results.rejectsCsv(id, query) : this.results.rejects(id, query);
  }

  @Get(':id/output/:table')
  @ApiOperation({
    summary: 'The combined CSV of a table',
    description:
      "All rows of all the stream's files as they were standardised, joined by column name. It is the newest: a " +
      'later run of the pipeline replaces it.',
  })
  @ApiParam(RUN_ID)
  @ApiParam({ name: 'table', description: "The stream's table", example: 'orders' })
  @ApiOkResponse({ description: 'The file', content: { 'text/csv': CSV } })
  @ApiProblem(404, 'There is no such run, or no combined CSV')
  output(@Param('id') id: string, @Param('table') table: string): Promise<StreamableFile> {
    return this.results.output(id, table);
  }
}
