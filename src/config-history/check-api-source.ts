import { checkApiCursor } from './check-api-cursor.js';
import { checkAuth } from './check-auth.js';
import { checkPagination } from './check-pagination.js';
import { checkPlaceholders } from './check-placeholders.js';
import { checkRequest } from './check-request.js';
import { checkRequestNames } from './check-request-names.js';
import { checkSecrets } from './check-secrets.js';
import type { Fault } from './fault.js';
import type { ApiSourceShape } from './shape/api-source-shape.js';

/** Checks what the keys of an API source mean together; the path is the source's. */
export function checkApiSource(source: ApiSourceShape, path: (string | number)[]): Fault[] {
  return [
    ...checkRequest(source, path),
    ...checkAuth(source.auth, [...path, 'auth']),
    ...checkPagination(source, path),
    ...checkApiCursor(source, path),
    ...checkPlaceholders(source, path),
    ...checkRequestNames(source, path),
    ...checkSecrets(source, path),
  ];
}
