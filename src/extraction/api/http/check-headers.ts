import { validateHeaderName, validateHeaderValue } from 'node:http';
import { ApiRefused } from '../api-errors.js';

/** They belong to the connection, or name another host than the one whose address and certificate are checked. */
const OWN_HEADERS =
  /^(host|connection|content-length|expect|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i;

/** @throws ApiRefused, without the value, for headers that cannot be sent or that a request must not set */
export function checkHeaders(headers: Readonly<Record<string, string>>, where: string): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!passes(() => validateHeaderName(name))) {
      throw refuse(where, `expected the name of a header, got ${JSON.stringify(name.slice(0, 100))}`);
    }
    if (!passes(() => validateHeaderValue(name, value))) {
      throw refuse(where, `expected the header ${name} to hold visible characters of Latin-1, got others`);
    }
    if (OWN_HEADERS.test(name)) {
      throw refuse(where, `expected no header ${name}, because the connection has its own`);
    }
  }
}

function passes(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

function refuse(where: string, fault: string): ApiRefused {
  return new ApiRefused('API_BAD_REQUEST', `${where}: ${fault}`);
}
