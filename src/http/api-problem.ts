import { applyDecorators, HttpException } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { EXAMPLE_REQUEST_ID, ProblemDto } from './problem.dto.js';
import { toProblem } from './to-problem.js';

/** Documents an error answer of a call, e.g. `@ApiProblem(404, 'There is no such run')`. */
export function ApiProblem(status: number, description: string): MethodDecorator & ClassDecorator {
  return applyDecorators(
    ApiExtraModels(ProblemDto),
    ApiResponse({
      status,
      description,
      content: {
        'application/problem+json': {
          schema: { $ref: getSchemaPath(ProblemDto) },
          example: exampleOf(status, description),
        },
      },
    }),
  );
}

/** An answer of that status; the schema's own example is one of 422. */
function exampleOf(status: number, description: string): ProblemDto | undefined {
  if (status === 422) return undefined;
  const problem = toProblem(new HttpException(description, status));
  return { ...problem, instance: '/the/path/of/the/call', requestId: EXAMPLE_REQUEST_ID };
}
