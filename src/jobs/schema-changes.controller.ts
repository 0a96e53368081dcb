import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiProblem } from '../http/api-problem.js';
import { LoaderService } from '../loader/loader.service.js';
import { PipelinesService } from './pipelines.service.js';
import { SchemaChangePageDto, SchemaChangesQueryDto } from './schema-changes.dto.js';

@ApiTags('runs')
@Controller('pipelines/:name/schema-changes')
export class SchemaChangesController {
  constructor(
    private readonly pipelines: PipelinesService,
    private readonly loader: LoaderService,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'What Millrace changed about the schema of a pipeline',
    description:
      "Every DDL statement that the pipeline's runs have committed in the target of its newest config, with run and " +
      'config version; the newest first, a page at a time.',
  })
  @ApiParam({ name: 'name', description: 'The pipeline', example: 'shop' })
  @ApiOkResponse({ type: SchemaChangePageDto })
  @ApiProblem(400, 'The limit or the cursor is wrong')
  @ApiProblem(401, 'The API key is missing or wrong')
  @ApiProblem(404, 'There is no such pipeline')
  @ApiProblem(503, 'A database does not answer')
  async list(
    @Param('name') name: string,
    @Query() { table, cursor, limit }: SchemaChangesQueryDto,
  ): Promise<SchemaChangePageDto> {
    const opened = await this.pipelines.open(name);
    const of = { pipeline: opened.pipeline, table, cursor, limit };
    return this.loader.schemaChanges(this.pipelines.target(opened), of);
  }
}
