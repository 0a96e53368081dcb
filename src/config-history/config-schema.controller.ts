import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public } from '../http/public.js';
import { buildConfigSchema } from './config-json-schema.js';

const schema = JSON.stringify(buildConfigSchema(), null, 2);

@ApiTags('configs')
@Controller()
export class ConfigSchemaController {
  /** Public: editors send no key, and there is nothing to hide. */
  @Public()
  @Get('config.schema.json')
  @Header('Content-Type', 'application/schema+json; charset=utf-8')
  @ApiOperation({
    summary: 'The JSON Schema of the YAML',
    description:
      'Made from the classes that check an upload. Name it in the first line of a YAML file, ' +
      '`# yaml-language-server: $schema=http://127.0.0.1:3000/config.schema.json`, and an editor completes and checks it.',
  })
  @ApiOkResponse({
    description: 'JSON Schema, draft 2020-12',
    content: { 'application/schema+json': { schema: { type: 'object' } } },
  })
  get(): string {
    return schema;
  }
}
