import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import { TransientError } from '../errors.js';
import { toProblem } from './to-problem.js';

/** Answers every error as `application/problem+json`; only those of the service itself (5xx) are logged as errors. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request & { id?: unknown }>();
    const response = host.switchToHttp().getResponse<Response>();
    const problem = toProblem(error);
    if (problem.status >= 500) this.logger.error(error);
    // An answer that has begun cannot become another one; cutting it off is the only way to say that it is not whole.
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (error instanceof TransientError) {
      response.setHeader('Retry-After', Math.ceil((error.retryAfterMs ?? 1_000) / 1_000));
    }
    const [instance] = request.originalUrl.split('?');
    response
      .status(problem.status)
      .type('application/problem+json')
      .send(JSON.stringify({ ...problem, instance, requestId: String(request.id ?? '') }));
  }
}
