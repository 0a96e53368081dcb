import { Module, ValidationPipe } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { ApiKeyGuard } from './api-key.guard.js';
import { ConnectionDrain } from './connection-drain.js';
import { HealthController } from './health.controller.js';
import { toInvalidRequest } from './invalid-request.js';
import { ProblemFilter } from './problem.filter.js';

/** What all REST calls share: the API key, checked bodies, errors as problems; and `/health`. */
@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [
    ConnectionDrain,
    { provide: APP_GUARD, useClass: ApiKeyGuard },
    { provide: APP_FILTER, useClass: ProblemFilter },
    {
      provide: APP_PIPE,
      useValue: new ValidationPipe({
        transform: true,
        whitelist: true,
        forbidNonWhitelisted: true,
        validationError: { target: true },
        exceptionFactory: toInvalidRequest,
      }),
    },
  ],
})
export class RestModule {}
