import { Readable } from 'node:stream';
import { Controller, Get, Header, Param, Query, Req, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { TerminalError } from '../errors.js';
import { ApiProblem } from '../http/api-problem.js';
import { Settings } from '../settings/settings.js';
import { describeLine, readRunLog } from './read-run-log.js';
import { logPath } from './run-log-file.js';
import { RunLogQueryDto } from './run-logs-query.dto.js';
import type { Run } from './run.entity.js';
import { RunsService } from './runs.service.js';

const NDJSON = 'application/x-ndjson';
const TEXT = 'text/plain';

@ApiTags('runs')
@ApiProblem(401, 'The API key is missing or wrong')
@ApiProblem(503, 'The database does not answer')
@Controller('runs')
export class RunLogsController {
  constructor(
    private readonly runs: RunsService,
    private readonly settings: Settings,
  ) {}

  @Get(':id/log')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: "A run's log",
    description:
      'What all attempts have written so far, also while the run is at work. Each line is one JSON object with `time` ' +
      '(milliseconds since 1970), `level` (10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal), `msg`, `runId`, ' +
      '`pipeline`, `attempt`, `stream` (null: the whole run) and `stage`; or a line of text (`Accept: text/plain` or ' +
      '`?format=text`). The machine that is asked gives what its own workers wrote.',
  })
  @ApiParam({ name: 'id', format: 'uuid', description: 'As `POST /trigger-job` answered it' })
  // Swagger UI asks for the first one, and would take lines of JSON for one faulty JSON.
  @ApiProduces(TEXT, NDJSON)
  @ApiOkResponse({
    description: 'The lines, the oldest first',
    content: { [TEXT]: { schema: { type: 'string' } }, [NDJSON]: { schema: { type: 'string' } } },
  })
  @ApiProblem(400, '`tail` or `format` is wrong')
  @ApiProblem(404, 'There is no such run, or no log of it on this machine')
  async log(
    @Param('id') id: string,
    @Query() { tail, format }: RunLogQueryDto,
    @Req() request: Request,
  ): Promise<StreamableFile> {
    const run = await this.runs.get(id);
    const lines = await readRunLog(logPath(this.settings.home, run), tail);
    if (!lines) throw logNotFound(run);
    const isText = format === 'text' || (!format && request.accepts(NDJSON, TEXT) === TEXT);
    const content = Readable.from(writeOut(lines, isText), { objectMode: false });
    return new StreamableFile(content, { type: isText ? `${TEXT}; charset=utf-8` : NDJSON });
  }
}

async function* writeOut(lines: AsyncGenerator<string>, isText: boolean): AsyncGenerator<string> {
  for await (const line of lines) yield isText ? describeLine(line) : `${line}\n`;
}

function logNotFound({ id, attempt, state }: Run): TerminalError {
  let why = 'it was removed after its time, or a worker on another machine holds it';
  if (attempt === 0)
    why = state === 'queued' ? 'no worker has begun the run yet' : 'no worker ever began the run';
  return new TerminalError('LOG_NOT_FOUND', `run ${id}: expected its log on this machine, got none: ${why}`);
}
