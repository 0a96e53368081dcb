import { Module } from '@nestjs/common';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { MetricsController } from './metrics.controller.js';

/** `/metrics`, and the registry for those who have something to tell. */
@Module({
  controllers: [MetricsController],
  providers: [{ provide: Registry, useFactory: makeRegistry }],
  exports: [Registry],
})
export class MetricsModule {}

/** One for each service: several may live in one process. Begins with what Node tells of the process. */
function makeRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'millrace_' });
  return registry;
}
