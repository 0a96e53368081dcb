import type { ValidationError } from 'class-validator';
import { type ErrorDetail, TerminalError } from '../errors.js';

/** The body or the parameters of a request are not what the call takes. */
export class InvalidRequest extends TerminalError {
  constructor(details: ErrorDetail[]) {
    const sentence = details.map(({ message }) => message).join('; ');
    super(
      'INVALID_REQUEST',
      `the request has ${details.length} error${details.length === 1 ? '' : 's'}: ${sentence}`,
      details,
    );
  }
}

/** Flattens what class-validator found, a detail for each constraint, with paths such as `items[0].name`. */
export function toInvalidRequest(errors: ValidationError[]): InvalidRequest {
  return new InvalidRequest(errors.flatMap((error) => toDetails(error, '')));
}

function toDetails(error: ValidationError, parent: string): ErrorDetail[] {
  const path = joinPath(parent, error.property);
  const own = Object.values(error.constraints ?? {}).map((message) => ({ path, message }));
  return [...own, ...(error.children ?? []).flatMap((child) => toDetails(child, path))];
}

function joinPath(parent: string, property: string): string {
  if (/^\d+$/.test(property)) return `${parent}[${property}]`;
  return parent ? `${parent}.${property}` : property;
}
