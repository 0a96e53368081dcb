import { plainToInstance } from 'class-transformer';
import { type ValidationError, validateSync } from 'class-validator';
import type { Fault } from './fault.js';
import { didYouMean, nearestWord } from '../nearest-word.js';
import { keysOf, type ShapeClass } from './shape/key.js';
import { Misplaced } from './shape/nested.js';
import { PipelineShape } from './shape/pipeline-shape.js';
import { explainFault } from './shape/rules.js';

/**
 * Reads a plain value as a pipeline's shape and checks every key by itself: that it is known, there, and of its rule.
 * What two keys mean together is not looked at. The shape is to be trusted only when there are no faults.
 */
export function checkShape(value: Record<string, unknown>): { shape: PipelineShape; faults: Fault[] } {
  const shape = plainToInstance(PipelineShape, value);
  const errors = validateSync(shape, {
    whitelist: true,
    forbidNonWhitelisted: true,
    stopAtFirstError: true,
  });
  return { shape, faults: errors.flatMap((error) => readError(error, [])) };
}

function readError(error: ValidationError, parents: (string | number)[]): Fault[] {
  const owner = error.target as object;
  const path = [...parents, Array.isArray(owner) ? Number(error.property) : error.property];
  if (owner instanceof Misplaced) return [{ path: parents, message: owner.message }];
  if (hasFault(error, 'whitelistValidation')) return [unknownKey(owner, error.property, path)];
  if (hasFault(error, 'rule')) return brokenRule(owner, error, path);
  return (error.children ?? []).flatMap((child) => readError(child, path));
}

function hasFault(error: ValidationError, name: string): boolean {
  return Object.hasOwn(error.constraints ?? {}, name);
}

function brokenRule(owner: object, error: ValidationError, path: (string | number)[]): Fault[] {
  const rule = keysOf(owner.constructor as ShapeClass).find(({ name }) => name === error.property)?.rule;
  if (!rule) return [];
  return explainFault(rule, error.value).map(({ at, message, of }) => ({
    path: [...path, ...at],
    message,
    at: error.value === undefined ? 'missing' : (of ?? 'value'),
  }));
}

function unknownKey(owner: object, key: string, path: (string | number)[]): Fault {
  const known = keysOf(owner.constructor as ShapeClass).map(({ name }) => name);
  // In {type: numeric(12,2)} the comma ends the value.
  const isCutType = /^\s*\d+\)$/.test(key);
  const hint = isCutType
    ? '; put a type with a comma in quotes inside { }'
    : didYouMean(nearestWord(key, known));
  const shown = JSON.stringify(key.length > 64 ? `${key.slice(0, 64)}…` : key);
  return { path, message: `expected one of the keys ${known.join(', ')}, got ${shown}${hint}`, at: 'key' };
}
