import { Body, Controller, Headers, HttpCode, Post, Res, UseGuards } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiProblem } from '../http/api-problem.js';
import { JsonBodyGuard } from '../http/json-body.guard.js';
import { RunDto, toRunDto } from './run.dto.js';
import { TriggerJobDto } from './trigger.dto.js';
import { TriggerService } from './trigger.service.js';

@ApiTags('runs')
@Controller('trigger-job')
export class TriggerController {
  constructor(private readonly triggers: TriggerService) {}

  @Post()
  @HttpCode(202)
  @UseGuards(JsonBodyGuard)
  @ApiOperation({
    summary: 'Run a pipeline now, then monitor its files',
    description:
      'Adds a run and answers at once; `GET /runs/{id}` shows how it goes. While a run of the pipeline is queued or ' +
      'running, the answer is that run: it looks again before it ends, and another one follows by itself where files ' +
      "came meanwhile. After that the pipeline's files are looked at every `monitor.every` of its newest config (60 s), and " +
      'a change adds a run, which also reads its APIs. A pipeline of APIs alone is not monitored, for only a request ' +
      'tells what is new there: `POST /schedule-job` makes it run. The body may be left out.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'The same key with the same body is the same run, however often it is sent',
    schema: { type: 'string', maxLength: 255 },
  })
  @ApiBody({
    type: TriggerJobDto,
    required: false,
    examples: {
      default: { summary: 'The only pipeline, newest config', value: {} },
      once: { summary: 'Without monitoring', value: { monitor: false } },
      pinned: { summary: 'One config version', value: { pipeline: 'shop', version: 1 } },
    },
  })
  @ApiAcceptedResponse({
    type: RunDto,
    description: 'The run that was added, or the one under way; either stays whatever dies',
    headers: { Location: { description: 'Where the run is', schema: { type: 'string' } } },
  })
  @ApiProblem(400, 'The body is wrong, or names no pipeline where there are several')
  @ApiProblem(401, 'The API key is missing or wrong')
  @ApiProblem(404, 'There is no such pipeline, version or plan')
  @ApiProblem(
    409,
    'A run of another config version is under way, or the Idempotency-Key came with another request; with `planId`: a ' +
      'run is under way, the plan is not ready, or the world is another one since: `errors` tells what changed',
  )
  @ApiProblem(410, 'The plan is older than a day')
  @ApiProblem(415, 'There is a body, and it is not JSON')
  @ApiProblem(503, 'The database does not answer')
  async trigger(
    @Body() body: TriggerJobDto,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RunDto> {
    const run = await this.triggers.trigger(body, key);
    response.location(`/runs/${run.id}`);
    return toRunDto(run);
  }
}
