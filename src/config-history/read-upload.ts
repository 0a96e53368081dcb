import type { Request } from 'express';
import { TerminalError } from '../errors.js';
import { YAML_TYPES } from '../http/yaml-types.js';
import { decodeText } from './decode-text.js';

/** What the form parser keeps of a file. */
export interface UploadedYaml {
  buffer: Buffer;
}

/**
 * The YAML text of an upload: the multipart field `file`, or the body itself.
 * @throws TerminalError `UNSUPPORTED_MEDIA_TYPE`, `INVALID_REQUEST` without a file, `PAYLOAD_TOO_LARGE`; InvalidConfig
 * for bytes that are not UTF-8
 */
export function readUpload(request: Request, file: UploadedYaml | undefined): string {
  if (file) return decodeText(file.buffer);
  if (request.is('multipart/form-data')) {
    const message = 'expected a YAML file in the form field "file", got none';
    throw new TerminalError('INVALID_REQUEST', message, [{ path: 'file', message }]);
  }
  if (Buffer.isBuffer(request.body)) return decodeText(request.body);
  const type = request.headers['content-type'];
  // A body of no bytes is not parsed at all.
  if (request.is(YAML_TYPES) || (type !== undefined && YAML_TYPES.includes(type))) return '';
  const accepted = ['multipart/form-data with a field "file"', ...YAML_TYPES].join(', ');
  throw new TerminalError('UNSUPPORTED_MEDIA_TYPE', `expected ${accepted}, got ${type ?? 'no content type'}`);
}
