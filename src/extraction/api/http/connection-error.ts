import { ApiRefused, ApiUnavailable } from '../api-errors.js';

const CERTIFICATE =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH_|ERR_TLS_CERT|CRL_|ERROR_IN_CERT)/;
const HANDSHAKE = /^(ERR_SSL_|ERR_TLS_|EPROTO)/;

/** The API error for what `node:http` reports while a request is sent and its answer's headers are awaited. */
export function toConnectionError(error: NodeJS.ErrnoException, where: string): Error {
  if (error instanceof ApiRefused || error instanceof ApiUnavailable) return error;
  const code = error.code ?? '';
  const got = describe(error.message, code);
  if (CERTIFICATE.test(code)) {
    return new ApiRefused(
      'API_TLS_FAILED',
      `${where}: expected a certificate that can be trusted, got ${got}`,
    );
  }
  if (HANDSHAKE.test(code)) {
    return new ApiRefused('API_TLS_FAILED', `${where}: expected a TLS connection, got ${code}`);
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new ApiRefused('API_BAD_ANSWER', `${where}: expected headers of at most 64 kB, got more`);
  }
  if (code.startsWith('HPE_')) return unavailable('API_BAD_ANSWER', `expected an HTTP answer, got ${got}`);
  return unavailable('API_UNREACHABLE', `expected a connection, got ${got}`);

  function unavailable(name: string, fault: string): ApiUnavailable {
    return new ApiUnavailable(name, `${where}: ${fault}`, null, undefined, { cause: bareError(error) });
  }
}

/** An error without what node and axios add to theirs: the request with its headers, the bytes of the answer. */
export function bareError(error: NodeJS.ErrnoException): Error {
  return Object.assign(new Error(error.message), { code: error.code });
}

/** Where several addresses failed there is no message. */
function describe(message: string, code: string): string {
  if (message === '') return code || 'an error without a name';
  return code && !message.includes(code) ? `${message} (${code})` : message;
}
