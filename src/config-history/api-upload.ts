import { applyDecorators } from '@nestjs/common';
import { ApiCreatedResponse, ApiExtraModels, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiProblem } from '../http/api-problem.js';
import { CheckedConfigDto, StoredVersionDto } from './config-history.dto.js';
import { EXAMPLE_CONFIG } from './example-config.js';

/** Documents the upload: a file picker, and the YAML as the body itself. */
export function ApiUpload(): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(CheckedConfigDto, StoredVersionDto),
    ApiOperation({
      // ApiBody knows one schema for all content types.
      requestBody: { required: true, content: BODIES },
      summary: 'Upload the YAML of a pipeline',
      description:
        'Checks all of it and keeps the text, byte for byte, as the newest version of its pipeline. Every upload makes ' +
        'a version, also one that equals the version before. With `dryRun=true` nothing is stored.',
    }),
    ApiCreatedResponse({ description: 'Stored', type: StoredVersionDto }),
    ApiOkResponse({
      description: '`dryRun=true`: nothing is wrong, nothing was stored',
      type: CheckedConfigDto,
    }),
    ApiProblem(400, 'There is no file in the form, or a parameter is wrong'),
    ApiProblem(413, 'The text is longer than 256 kB'),
    ApiProblem(415, 'The body is neither a form with a file nor YAML'),
    ApiProblem(422, 'The text is not a valid config; `errors` lists every fault with path, line and column'),
  );
}

/** A form with the YAML as a file, for the OpenAPI document. */
export const YAML_FORM = {
  type: 'object',
  required: ['file'],
  properties: { file: { type: 'string', format: 'binary', description: 'The YAML file' } },
};

const BODIES = {
  // The first one is what Swagger UI begins with; it carries a form's values over into the text after it.
  'application/yaml': { schema: { type: 'string' }, example: EXAMPLE_CONFIG },
  'multipart/form-data': { schema: YAML_FORM },
};
