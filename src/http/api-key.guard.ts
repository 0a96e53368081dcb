import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { Settings } from '../settings/settings.js';
import { isPublicKey } from './public.js';

/** Lets a call through with the right key in `x-api-key` or `Authorization: Bearer`, or when no key is configured. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  private readonly expected: Buffer | null;

  constructor(
    settings: Settings,
    private readonly reflector: Reflector,
  ) {
    this.expected = settings.apiKey === null ? null : digest(settings.apiKey);
  }

  canActivate(context: ExecutionContext): boolean {
    const isPublic = this.reflector.getAllAndOverride<boolean>(isPublicKey, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (isPublic || this.expected === null) return true;
    const given = readKey(context.switchToHttp().getRequest<Request>());
    // Digests are of one length, so the time of the comparison tells nothing about the key.
    if (given !== undefined && timingSafeEqual(digest(given), this.expected)) return true;
    context.switchToHttp().getResponse<Response>().setHeader('WWW-Authenticate', 'Bearer realm="millrace"');
    throw new UnauthorizedException(
      `API key: expected the service's key in the header x-api-key or Authorization: Bearer, got ${given === undefined ? 'none' : 'another one'}`,
    );
  }
}

function readKey(request: Request): string | undefined {
  return request.get('x-api-key') ?? /^Bearer +(\S+)$/i.exec(request.get('authorization') ?? '')?.[1];
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
