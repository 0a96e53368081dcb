import {
  Controller,
  Get,
  Param,
  Post,
  Query,
  Req,
  Res,
  StreamableFile,
  UploadedFile,
  UseInterceptors,
} from '@nestjs/common';
import { FileInterceptor } from '@nestjs/platform-express';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiProblem } from '../http/api-problem.js';
import { YAML_TYPES } from '../http/yaml-types.js';
import { ApiUpload } from './api-upload.js';
import { ConfigAnswers } from './config-answers.js';
import {
  CheckedConfigDto,
  ConfigDetailDto,
  ConfigDiffDto,
  ConfigPageDto,
  StoredVersionDto,
  toStoredVersion,
} from './config-history.dto.js';
import { PageQueryDto } from '../http/page-query.dto.js';
import { ConfigDiffQueryDto, UploadQueryDto } from './config-history-query.dto.js';
import { ConfigHistoryService } from './config-history.service.js';
import { parseVersion } from './parse-version.js';
import { readUpload, type UploadedYaml } from './read-upload.js';

const PIPELINE = { name: 'pipeline', example: 'shop' };
const VERSION = { name: 'version', description: 'A number, or `latest`', example: 'latest' };
/** A little over the config's own limit, which gives the better message. */
const UPLOAD_LIMITS = { fileSize: 1024 * 1024, files: 1, fields: 5, parts: 6, fieldSize: 1024 };

@ApiTags('configs')
@ApiProblem(401, 'The API key is missing or wrong')
@ApiProblem(503, 'The database does not answer')
@Controller()
export class ConfigHistoryController {
  constructor(
    private readonly history: ConfigHistoryService,
    private readonly answers: ConfigAnswers,
  ) {}

  @Post('upload-config')
  @ApiUpload()
  @UseInterceptors(FileInterceptor('file', { limits: UPLOAD_LIMITS }))
  async upload(
    @Query() { dryRun }: UploadQueryDto,
    @UploadedFile() file: UploadedYaml | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StoredVersionDto | CheckedConfigDto> {
    const text = readUpload(request, file);
    if (dryRun === 'false') return locate(toStoredVersion(await this.history.store(text)), response);
    response.status(200);
    return this.answers.check(text);
  }

  @Get('configs')
  @ApiOperation({
    summary: 'The pipelines',
    description: 'The newest version of each, by name, a page at a time.',
  })
  @ApiOkResponse({ type: ConfigPageDto })
  @ApiProblem(400, 'The limit or the cursor is wrong')
  listPipelines(@Query() query: PageQueryDto): Promise<ConfigPageDto> {
    return this.answers.listPipelines(query);
  }

  @Get('configs/:pipeline')
  @ApiOperation({ summary: "A pipeline's versions", description: 'The newest first, a page at a time.' })
  @ApiParam(PIPELINE)
  @ApiOkResponse({ type: ConfigPageDto })
  @ApiProblem(400, 'The limit or the cursor is wrong')
  @ApiProblem(404, 'There is no such pipeline')
  listVersions(@Param('pipeline') pipeline: string, @Query() query: PageQueryDto): Promise<ConfigPageDto> {
    return this.answers.listVersions(pipeline, query);
  }

  @Get('configs/:pipeline/diff')
  @ApiOperation({
    summary: 'What changed between two versions',
    description: 'As a text, and value by value.',
  })
  @ApiParam(PIPELINE)
  @ApiOkResponse({ type: ConfigDiffDto })
  @ApiProblem(400, '`from` or `to` is no version number')
  @ApiProblem(404, 'There is no such pipeline or version')
  diff(
    @Param('pipeline') pipeline: string,
    @Query() { from, to }: ConfigDiffQueryDto,
  ): Promise<ConfigDiffDto> {
    return this.history.diff(pipeline, from, to);
  }

  @Get('configs/:pipeline/:version')
  @ApiOperation({
    summary: 'One version',
    description:
      'As JSON: what the text means, secrets masked. With `Accept: application/yaml`: the text as it was sent, byte ' +
      'for byte, a password that was written into it included.',
  })
  @ApiParam(PIPELINE)
  @ApiParam(VERSION)
  @ApiOkResponse({
    description: 'The version',
    content: {
      'application/json': { schema: { $ref: '#/components/schemas/ConfigDetailDto' } },
      'application/yaml': { schema: { type: 'string' } },
    },
  })
  @ApiProblem(400, 'The version is neither a number nor `latest`')
  @ApiProblem(404, 'There is no such pipeline or version')
  async get(
    @Param('pipeline') pipeline: string,
    @Param('version') version: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ConfigDetailDto | StreamableFile> {
    const entry = await this.history.find(pipeline, parseVersion(version));
    response.vary('Accept');
    if (request.accepts(['json', ...YAML_TYPES]) === 'json') return this.answers.describe(entry);
    return new StreamableFile(Buffer.from(entry.text), { type: 'application/yaml; charset=utf-8' });
  }

  @Post('configs/:pipeline/:version/restore')
  @ApiOperation({
    summary: 'Make an older text the newest version',
    description: 'The text is checked again and kept as a new version; none is changed or removed.',
  })
  @ApiParam(PIPELINE)
  @ApiParam({ ...VERSION, example: 1 })
  @ApiCreatedResponse({ type: StoredVersionDto })
  @ApiProblem(400, 'The version is neither a number nor `latest`')
  @ApiProblem(404, 'There is no such pipeline or version')
  @ApiProblem(422, 'The text is no longer accepted')
  async restore(
    @Param('pipeline') pipeline: string,
    @Param('version') version: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StoredVersionDto> {
    return locate(toStoredVersion(await this.history.restore(pipeline, parseVersion(version))), response);
  }
}

function locate(stored: StoredVersionDto, response: Response): StoredVersionDto {
  response.location(`/configs/${stored.pipeline}/${stored.version}`);
  return stored;
}
