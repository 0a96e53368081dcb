import { Body, Controller, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiProblem } from '../http/api-problem.js';
import { JsonBodyGuard } from '../http/json-body.guard.js';
import { ResetDto, ResetStreamDto } from './reset.dto.js';
import { ResetService } from './reset.service.js';

@ApiTags('runs')
@Controller('pipelines/:name/streams/:table/reset')
export class ResetController {
  constructor(private readonly resets: ResetService) {}

  @Post()
  @HttpCode(200)
  @UseGuards(JsonBodyGuard)
  @ApiOperation({
    summary: 'Make the next run read and load a stream from the beginning',
    description:
      'Forgets, in one transaction, how far the APIs of the stream were read, which rows its table has got, and what ' +
      'its last load was. **Without `truncate` the next run inserts rows that the table has already**, for nothing ' +
      'tells them apart any more. Rows are known by table: where several pipelines load it, those of the others are ' +
      'forgotten too, and come in once more when the files of these change. With `truncate` the table is emptied, and ' +
      'every pipeline that loads it begins anew. The body may be left out.',
  })
  @ApiParam({ name: 'name', description: 'The pipeline', example: 'shop' })
  @ApiParam({ name: 'table', description: "The stream's table in the newest config", example: 'orders' })
  @ApiBody({
    type: ResetStreamDto,
    required: false,
    examples: {
      anew: { summary: 'Everything once more, into an empty table', value: { truncate: true } },
      cursors: {
        summary: 'Ask the APIs for everything; rows that are there stay once',
        value: { hashes: false },
      },
    },
  })
  @ApiOkResponse({ type: ResetDto })
  @ApiProblem(400, 'The body is wrong, or leaves nothing to forget')
  @ApiProblem(401, 'The API key is missing or wrong')
  @ApiProblem(404, 'There is no such pipeline, or no such stream in its newest config')
  @ApiProblem(409, 'A run of the pipeline is queued or running')
  @ApiProblem(415, 'There is a body, and it is not JSON')
  @ApiProblem(422, 'The database refuses it: the role may not, or other tables refer to this one')
  @ApiProblem(503, 'A database does not answer, or a load of the table is under way')
  async reset(
    @Param('name') pipeline: string,
    @Param('table') table: string,
    @Body() body: ResetStreamDto,
  ): Promise<ResetDto> {
    return this.resets.reset(pipeline, table, body);
  }
}
