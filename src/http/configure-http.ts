import type { Server } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import type { Settings } from '../settings/settings.js';
import { serveApiDocs } from './api-docs.js';
import { localRequestsOnly } from './local-requests.js';
import { assignRequestId } from './request-id.js';
import { YAML_TYPES } from './yaml-types.js';

/** Everything of the HTTP side that is not a module: headers, limits, body parsers, documentation. */
export function configureHttp(app: NestExpressApplication, settings: Settings): void {
  app.disable('x-powered-by');
  app.use(assignRequestId);
  app.set('query parser', 'simple');
  app.use(
    helmet({
      // Whether there is TLS is up to the proxy in front, and without it these two break Swagger UI.
      strictTransportSecurity: false,
      contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
    }),
  );
  if (settings.apiKey === null) app.use(localRequestsOnly(settings.host));
  app.useBodyParser('json', { limit: '256kb' });
  // YAML arrives as bytes, for it is stored as it was sent. A little over its own limit, which gives the better message.
  app.useBodyParser('raw', { type: YAML_TYPES, limit: '1mb' });
  limitTimes(app.getHttpServer());
  serveApiDocs(app);
}

function limitTimes(server: Server): void {
  server.headersTimeout = 15_000;
  server.requestTimeout = 60_000;
  // Longer than a proxy keeps an idle connection, which must not end at the moment of its next request.
  server.keepAliveTimeout = 75_000;
}
