import { checkApiCursor } from './check-api-cursor.js';
import { checkAuth } from './check-auth.js';
import { checkPagination } from './check-pagination.js';
import { checkPlaceholders } from './check-placeholders.js';
import { checkRequest } from './check-request.js';
import { checkRequestNames } from './check-request-names.js';
import { checkSecrets } from './check-secrets.js';
import type { Fault } from './fault.js';
import type { ApiSourceShape } from './shape/api-source-shape.js';
import { JSON_PATH, RECORDS } from './shape/request-rules.js';
import { explainFault } from './shape/rules.js';

/** Checks what the keys of an API source mean together; the path is the source's. */
export function checkApiSource(source: ApiSourceShape, path: (string | number)[]): Fault[] {
  return [
    ...checkRequest(source, path),
    ...checkRecords(source, [...path, 'records']),
    ...checkAuth(source.auth, [...path, 'auth']),
    ...checkPagination(source, path),
    ...checkApiCursor(source, path),
    ...checkPlaceholders(source, path),
    ...checkRequestNames(source, path),
    ...checkSecrets(source, path),
  ];
}

/** Only elements may have names that a JSONPath would put in quotes. */
function checkRecords({ records, format }: ApiSourceShape, path: (string | number)[]): Fault[] {
  if (format === 'xml' || !RECORDS.accepts(records) || JSON_PATH.accepts(records)) return [];
  return explainFault(JSON_PATH, records).map(({ message }) => ({ path, message }));
}
