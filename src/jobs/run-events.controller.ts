import {
  Controller,
  Headers,
  HttpStatus,
  type MessageEvent,
  Param,
  Res,
  Sse,
  SseSignal,
} from '@nestjs/common';
import {
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { EMPTY, from, type Observable } from 'rxjs';
import { TerminalError } from '../errors.js';
import { ApiProblem } from '../http/api-problem.js';
import { RunFeed } from './run-feed.js';
import { RunsService } from './runs.service.js';

const EXAMPLE = `event: state
id: 2
data: {"at":"2025-03-01T10:00:00.512Z","state":"running"}

event: progress
id: 4
data: {"table":"orders","stage":"staging","streamsDone":0,"streamsTotal":1,"filesDone":12,"filesTotal":12,"bytesDone":1048576,"bytesTotal":4194304,"rowsDone":0,"rowsPerSecond":0,"bytesPerSecond":524288,"etaSeconds":6}
`;

@ApiTags('runs')
@ApiProblem(401, 'The API key is missing or wrong')
@ApiProblem(503, 'The database does not answer')
@Controller('runs')
export class RunEventsController {
  constructor(
    private readonly runs: RunsService,
    private readonly feed: RunFeed,
  ) {}

  @Sse(':id/events')
  @ApiOperation({
    summary: 'Follow a run as it goes',
    description:
      'Server-sent events: `state` for each change of the run, `stream` for each step of a stream with its counts so ' +
      'far, `transform` for each of a transform, `progress` at most once a second with what is done, the speed of the last seconds and the time that is ' +
      'left. All `state` and `stream` events from the first on are told, also those from before; the connection ends ' +
      'with the run. With `Last-Event-ID` it goes on after that event, as browsers do by themselves; when there is ' +
      'nothing more to come, the answer is 204.',
  })
  @ApiParam({ name: 'id', format: 'uuid', description: 'As `POST /trigger-job` answered it' })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'The id of the last event that was received',
  })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({
    description: 'Events until the run is over',
    content: { 'text/event-stream': { schema: { type: 'string' }, example: EXAMPLE } },
  })
  @ApiNoContentResponse({ description: 'The run is over, and its last event was received' })
  @ApiProblem(400, 'Last-Event-ID is not the id of an event')
  @ApiProblem(404, 'There is no such run')
  async follow(
    @Param('id') id: string,
    @Headers('last-event-id') lastEventId: string | undefined,
    @SseSignal() left: AbortSignal,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Observable<MessageEvent>> {
    const after = parseLastEventId(lastEventId);
    const run = await this.runs.get(id);
    if (run.finishedAt !== null && after >= run.revision) {
      response.status(HttpStatus.NO_CONTENT);
      return EMPTY;
    }
    // An id that no event has had yet would hide those that come up to it.
    return from(this.feed.follow(run.id, Math.min(after, run.revision), left));
  }
}

function parseLastEventId(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const message = `Last-Event-ID: expected the id of an event that was received, got "${text.slice(0, 40)}"`;
  throw new TerminalError('INVALID_REQUEST', message, [{ path: 'Last-Event-ID', message }]);
}
