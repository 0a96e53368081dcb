import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { TerminalError } from '../errors.js';

/**
 * For calls that can do without a body: refuses one of another type, which no parser reads, so that the call would do
 * something else than it was asked for.
 */
export class JsonBodyGuard implements CanActivate {
  /** @throws TerminalError `UNSUPPORTED_MEDIA_TYPE` */
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    if (!hasBytes(request) || request.is('application/json')) return true;
    const type = request.headers['content-type'];
    const got = type === undefined ? 'no content type' : JSON.stringify(type.slice(0, 80));
    throw new TerminalError('UNSUPPORTED_MEDIA_TYPE', `expected application/json, got ${got}`);
  }
}

function hasBytes({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
