import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

/** Swagger UI at `/docs`, the OpenAPI document at `/docs-json`. */
export function serveApiDocs(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => describeApi(app), {
    jsonDocumentUrl: 'docs-json',
    yamlDocumentUrl: 'docs-yaml',
    customSiteTitle: 'Millrace',
    swaggerOptions: { displayRequestDuration: true, persistAuthorization: false, tryItOutEnabled: true },
  });
}

function describeApi(app: INestApplication): OpenAPIObject {
  const { version, description } = readPackage(import.meta.dirname);
  const config = new DocumentBuilder()
    .setTitle('Millrace')
    .setDescription(
      `${description}\n\nErrors are \`application/problem+json\` (RFC 9457). Lists are \`{items, nextCursor}\`.`,
    )
    .setVersion(version)
    .addApiKey({ type: 'apiKey', in: 'header', name: 'x-api-key' }, 'apiKey')
    .addBearerAuth({ type: 'http', scheme: 'bearer' }, 'bearer')
    // Either of the two: each entry is an alternative. Without API_KEY neither is asked for.
    .addSecurityRequirements('apiKey')
    .addSecurityRequirements('bearer')
    .build();
  return SwaggerModule.createDocument(app, config);
}

/** The project's package.json: the sources and the build lie at different depths below it. */
function readPackage(folder: string): { version: string; description: string } {
  const file = join(folder, 'package.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  if (folder === dirname(folder)) throw new Error('package.json: expected it above the program, found none');
  return readPackage(dirname(folder));
}
