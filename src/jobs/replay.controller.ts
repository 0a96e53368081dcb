import { Body, Controller, Headers, HttpCode, Param, Post, Res, UseGuards } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiHeader, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiProblem } from '../http/api-problem.js';
import { JsonBodyGuard } from '../http/json-body.guard.js';
import { ReplayRejectsDto } from './replay.dto.js';
import { ReplayService } from './replay.service.js';
import { RunDto, toRunDto } from './run.dto.js';

@ApiTags('runs')
@Controller('runs/:id/rejects/replay')
export class ReplayController {
  constructor(private readonly replays: ReplayService) {}

  @Post()
  @HttpCode(202)
  @UseGuards(JsonBodyGuard)
  @ApiOperation({
    summary: 'Run the rejected records again, through another config version',
    description:
      'Adds a run that takes up the rejects of this one. Records that pass are loaded and leave the list, in one ' +
      'transaction; the others stay, with the reason that holds now. `max_rejects` is not asked. Records of which ' +
      'only a part was kept, and files that were refused whole, stay as they are: `skipped` of the run says so. The ' +
      "combined CSV is not written; the next run of the pipeline's files does that. The body may be left out.",
  })
  @ApiParam({ name: 'id', format: 'uuid', description: 'The run that has the rejects' })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'The same key with the same request is the same run, however often it is sent',
    schema: { type: 'string', maxLength: 255 },
  })
  @ApiBody({
    type: ReplayRejectsDto,
    required: false,
    examples: {
      default: { summary: 'All rejects, newest config', value: {} },
      pinned: { summary: 'One table, one config version', value: { version: 2, table: 'orders' } },
    },
  })
  @ApiAcceptedResponse({
    type: RunDto,
    description: 'The run is added, and stays so whatever dies; one that does the same already is the answer',
    headers: { Location: { description: 'Where the run is', schema: { type: 'string' } } },
  })
  @ApiProblem(400, 'The body is wrong, or the config version has no stream of that table')
  @ApiProblem(401, 'The API key is missing or wrong')
  @ApiProblem(404, 'There is no such run or version')
  @ApiProblem(409, 'There is nothing to replay, or the run or another replay of it is not over')
  @ApiProblem(415, 'There is a body, and it is not JSON')
  @ApiProblem(503, 'A database does not answer')
  async replay(
    @Param('id') id: string,
    @Body() body: ReplayRejectsDto,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RunDto> {
    const run = await this.replays.replay(id, body, key);
    response.location(`/runs/${run.id}`);
    return toRunDto(run);
  }
}
