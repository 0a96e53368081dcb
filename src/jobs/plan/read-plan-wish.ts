import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import type { Request } from 'express';
import { readUpload, type UploadedYaml } from '../../config-history/read-upload.js';
import { toInvalidRequest } from '../../http/invalid-request.js';
import { PlanRequestDto } from './plan.dto.js';
import type { PlanWish } from './planned-configs.js';

/**
 * What the body asks for: a YAML text, or as JSON a version that is stored; the newest one without a body.
 * @throws TerminalError as `readUpload`; `INVALID_REQUEST`
 */
export function readPlanWish(request: Request, file: UploadedYaml | undefined): PlanWish {
  const isJson = Boolean(request.is('application/json'));
  const isEmpty = request.headers['content-type'] === undefined && !request.headers['content-length'];
  if (!isJson && !isEmpty) return { text: readUpload(request, file) };
  const wish = plainToInstance(PlanRequestDto, isJson ? (request.body as object) : {});
  const errors = validateSync(wish, { whitelist: true, forbidNonWhitelisted: true });
  if (errors.length > 0) throw toInvalidRequest(errors);
  return { ...wish };
}

/** How long the answer may be waited for, by RFC 7240: `respond-async`, `wait=10`. */
export function readPatience(prefer: string | undefined, usual: number): number {
  const preferences = (prefer ?? '')
    .toLowerCase()
    .split(/[,;]/)
    .map((one) => one.trim());
  if (preferences.includes('respond-async')) return 0;
  const seconds = preferences.map((one) => /^wait\s*=\s*"?(\d{1,5})"?$/.exec(one)?.[1]).find(Boolean);
  return seconds === undefined ? usual : Math.min(Number(seconds) * 1_000, usual);
}
