import { getMetadataStorage, type ValidationError } from 'class-validator';
import { type ErrorDetail, TerminalError } from '../errors.js';
import { didYouMean, nearestWord } from '../nearest-word.js';

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

/** Flattens what class-validator found, a detail for each value, with paths such as `items[0].name`. */
export function toInvalidRequest(errors: ValidationError[]): InvalidRequest {
  return new InvalidRequest(errors.flatMap((error) => toDetails(error, '')));
}

function toDetails(error: ValidationError, parent: string): ErrorDetail[] {
  const path = joinPath(parent, error.property);
  const message = toMessage(error);
  const own = message === undefined ? [] : [{ path, message }];
  return [...own, ...(error.children ?? []).flatMap((child) => toDetails(child, path))];
}

/** One fault for each value, that of its type before that of its range, and what was got. */
function toMessage({ constraints = {}, value, target, property }: ValidationError): string | undefined {
  const { whitelistValidation: unknown, ...others } = constraints;
  if (unknown !== undefined) return unknownName(property, namesOf(target));
  const type = Object.keys(others).find((name) => /^is[A-Z]/.test(name));
  const message = type === undefined ? Object.values(others)[0] : others[type];
  return message === undefined ? undefined : `${message}, got ${show(value)}`;
}

function unknownName(name: string, known: string[]): string {
  return `expected one of ${known.join(', ')}, got ${show(name)}${didYouMean(nearestWord(name, known))}`;
}

/** What a body or a query may have. */
function namesOf(target: object | undefined): string[] {
  const rules = target
    ? getMetadataStorage().getTargetValidationMetadatas(target.constructor, '', false, false)
    : [];
  return [...new Set(rules.map(({ propertyName }) => propertyName))];
}

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : String(JSON.stringify(value));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function joinPath(parent: string, property: string): string {
  if (/^\d+$/.test(property)) return `${parent}[${property}]`;
  return parent ? `${parent}.${property}` : property;
}
