import { applyDecorators } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  getSchemaPath,
} from '@nestjs/swagger';
import { YAML_FORM } from '../../config-history/api-upload.js';
import { EXAMPLE_CONFIG } from '../../config-history/example-config.js';
import { ApiProblem } from '../../http/api-problem.js';
import { PlanDto, PlanRequestDto, StreamPlanDto } from './plan.dto.js';

const BODIES = {
  // The first one is what Swagger UI begins with.
  'application/yaml': { schema: { type: 'string' }, example: EXAMPLE_CONFIG },
  'application/json': { schema: { $ref: getSchemaPath(PlanRequestDto) }, example: {} },
  'multipart/form-data': { schema: YAML_FORM },
};

const PLAN = {
  'application/json': { schema: { $ref: getSchemaPath(PlanDto) } },
  'text/plain': { schema: { type: 'string' } },
};

/** Documents an answer that is a plan. */
export function ApiPlanAnswer(): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(PlanDto, PlanRequestDto, StreamPlanDto),
    ApiOkResponse({
      description: 'The plan; `format=text` or `Accept: text/plain` to read it',
      content: PLAN,
    }),
  );
}

/** Documents `POST /plan`. */
export function ApiPlan(): MethodDecorator {
  return applyDecorators(
    ApiPlanAnswer(),
    ApiOperation({
      // ApiBody knows one schema for all content types.
      requestBody: { required: false, content: BODIES },
      summary: 'What a run would do, without doing it',
      description:
        'Takes a YAML text, or as JSON a stored version. Reads what a run would read, by the same steps, and does its ' +
        'loads in a transaction that is rolled back: columns, DDL, counts, rejects and samples are those of the run. ' +
        'What takes longer than 30 s goes on by itself (202, `GET /plans/{id}`), at once with `Prefer: respond-async`. ' +
        'While the loads are tried, the tables are locked as a run locks them. `POST /trigger-job {planId}` then runs ' +
        'just this, or refuses when files, config or tables are others since.',
    }),
    ApiHeader({
      name: 'Prefer',
      required: false,
      description: '`respond-async`: answer at once; `wait=10`: within so many seconds (RFC 7240)',
      schema: { type: 'string' },
    }),
    ApiAcceptedResponse({
      description: 'It goes on; `GET /plans/{id}` has it once it is through',
      content: PLAN,
      headers: { Location: { description: 'Where the plan is', schema: { type: 'string' } } },
    }),
    ApiProblem(400, 'The body or a parameter is wrong'),
    ApiProblem(404, 'There is no such pipeline or version'),
    ApiProblem(413, 'The text is longer than 256 kB'),
    ApiProblem(415, 'The body is neither YAML, a form with a file, nor JSON'),
    ApiProblem(422, 'The text is not a valid config, or no run could begin with it'),
  );
}
