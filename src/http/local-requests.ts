import { ForbiddenException } from '@nestjs/common';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { isLoopback } from '../settings/parse-settings.js';

/**
 * Refuses what a foreign web page makes a browser send to a service without an API key: requests under another host
 * name (DNS rebinding) and requests with another site's `Origin` (cross-site forms and scripts).
 *
 * @param ownHost the configured HOST, which counts as local
 */
export function localRequestsOnly(ownHost: string): RequestHandler {
  const isOwn = (host: string | null) =>
    host !== null && (isLoopback(host) || host === ownHost.toLowerCase());
  return (request: Request, _response: Response, next: NextFunction) => {
    const { host, origin } = request.headers;
    if (!isOwn(hostNameOf(`http://${host ?? ''}`))) {
      next(new ForbiddenException(`Host: expected localhost or a loopback address, got "${host ?? ''}"`));
    } else if (origin !== undefined && !isOwn(hostNameOf(origin))) {
      next(new ForbiddenException(`Origin: expected a page of this machine, got "${origin}"`));
    } else next();
  };
}

function hostNameOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).hostname : null;
}
