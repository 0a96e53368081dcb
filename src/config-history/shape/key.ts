import 'reflect-metadata';
import { Transform } from 'class-transformer';
import { ValidateBy, ValidateIf } from 'class-validator';
import type { JsonSchema, Rule } from './rules.js';

// oxlint-disable-next-line no-explicit-any -- a class whatever its constructor takes
export type ShapeClass = new (...values: any[]) => object;

/** How an editor and the reference describe a key. */
export interface KeyText {
  description: string;
  /** Shown to the reader; the value itself is filled in by `buildConfig`. */
  default?: unknown;
  examples?: unknown[];
  isRequired?: true;
}

/** A key of a shape, as its decorator declared it. */
export interface KeyDeclaration extends KeyText {
  name: string;
  /** Absent for keys that hold shapes: those are checked by the shape's own keys. */
  rule?: Rule;
  /** @param refer gives the reference to another shape's schema */
  schema(refer: (shape: ShapeClass) => JsonSchema): JsonSchema;
}

const DECLARATIONS = Symbol('keys');

/** The keys that a shape and the shapes it extends declare, in the order of the code. */
export function keysOf(shape: ShapeClass): KeyDeclaration[] {
  const parent = Object.getPrototypeOf(shape.prototype) as object | null;
  const inherited = parent && parent !== Object.prototype ? keysOf(parent.constructor as ShapeClass) : [];
  const own = (Reflect.getOwnMetadata(DECLARATIONS, shape) as KeyDeclaration[] | undefined) ?? [];
  return [...inherited, ...own];
}

/** Adds a key to the class of a prototype. */
export function declareKey(target: object, declaration: KeyDeclaration): void {
  const known =
    (Reflect.getOwnMetadata(DECLARATIONS, target.constructor) as KeyDeclaration[] | undefined) ?? [];
  Reflect.defineMetadata(DECLARATIONS, [...known, declaration], target.constructor);
}

/** A key whose value a rule checks. */
export function Key(rule: Rule, about: KeyText): PropertyDecorator {
  return (target, property) => {
    declareKey(target, { ...about, name: String(property), rule, schema: () => rule.schema });
    // As it stands in the YAML: a copy would leave out keys such as toString.
    Transform(({ obj }) => (obj as Record<string, unknown>)[String(property)])(target, property);
    ValidateBy({ name: 'rule', validator: { validate: (value) => rule.accepts(value) } })(target, property);
    if (!about.isRequired) ValidateIf((_, value) => value !== undefined)(target, property);
  };
}

export function isPlainMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
