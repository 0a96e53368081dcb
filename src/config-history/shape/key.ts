import 'reflect-metadata';
import { plainToInstance, Transform } from 'class-transformer';
import { ValidateBy, ValidateIf, ValidateNested } from 'class-validator';
import { describeValue, type JsonSchema, type Rule } from './rules.js';

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

/** Most streams, and most sources of a stream. */
const MAX_ENTRIES = 1000;

const DECLARATIONS = Symbol('keys');

/** The keys that a shape and the shapes it extends declare, in the order of the code. */
export function keysOf(shape: ShapeClass): KeyDeclaration[] {
  const parent = Object.getPrototypeOf(shape.prototype) as object | null;
  const inherited = parent && parent !== Object.prototype ? keysOf(parent.constructor as ShapeClass) : [];
  const own = (Reflect.getOwnMetadata(DECLARATIONS, shape) as KeyDeclaration[] | undefined) ?? [];
  return [...inherited, ...own];
}

function declare(target: object, declaration: KeyDeclaration): void {
  const known =
    (Reflect.getOwnMetadata(DECLARATIONS, target.constructor) as KeyDeclaration[] | undefined) ?? [];
  Reflect.defineMetadata(DECLARATIONS, [...known, declaration], target.constructor);
}

/** A key whose value a rule checks. */
export function Key(rule: Rule, about: KeyText): PropertyDecorator {
  return (target, property) => {
    declare(target, { ...about, name: String(property), rule, schema: () => rule.schema });
    ValidateBy({ name: 'rule', validator: { validate: (value) => rule.accepts(value) } })(target, property);
    if (!about.isRequired) ValidateIf((_, value) => value !== undefined)(target, property);
  };
}

/** A key that holds a map with keys of its own. */
export interface NestedOptions extends KeyText {
  /** Reads a map where there are several kinds of shape. */
  read?: (value: Record<string, unknown>) => object;
  /** Turns a short form into the map that it stands for. */
  expand?: (value: unknown) => unknown;
  /** A literal that may stand instead of the map. */
  or?: false;
  /** JSON Schemas of the short forms and literals. */
  shortForms?: (refer: (shape: ShapeClass) => JsonSchema) => JsonSchema[];
}

/** One map with keys of its own. */
export function Nested(shape: ShapeClass, options: NestedOptions): PropertyDecorator {
  return nest(options, {
    read: (value) => toShape(shape, options, value),
    schema: (item) => item,
    shape,
  });
}

/** A list of maps, at least one. */
export function NestedList(shape: ShapeClass, options: NestedOptions): PropertyDecorator {
  return nest(options, {
    read: (value) =>
      Array.isArray(value) && value.length > 0 && value.length <= MAX_ENTRIES
        ? value.map((item) => toShape(shape, options, item))
        : new Misplaced(`a list with 1 to ${MAX_ENTRIES} entries`, value),
    schema: (items) => ({ type: 'array', items, minItems: 1, maxItems: MAX_ENTRIES }),
    shape,
  });
}

/** A map from names that the user chooses to maps of one shape. */
export function NestedMap(shape: ShapeClass, options: NestedOptions & { names: RegExp }): PropertyDecorator {
  return nest(options, {
    read: (value) =>
      isPlainMap(value)
        ? new Map(Object.entries(value).map(([name, item]) => [name, toShape(shape, options, item)]))
        : new Misplaced('a map from names to values', value),
    schema: (item) => ({
      type: 'object',
      propertyNames: { pattern: options.names.source },
      additionalProperties: item,
    }),
    shape,
  });
}

interface NestKind {
  shape: ShapeClass;
  read(value: unknown): unknown;
  schema(item: JsonSchema): JsonSchema;
}

function nest(options: NestedOptions, kind: NestKind): PropertyDecorator {
  return (target, property) => {
    const { read: _read, expand: _expand, or, shortForms, ...about } = options;
    const schema = (refer: (shape: ShapeClass) => JsonSchema): JsonSchema => {
      const item = { anyOf: [refer(kind.shape), ...(shortForms?.(refer) ?? [])] };
      return kind.schema(item.anyOf.length === 1 ? item.anyOf[0]! : item);
    };
    declare(target, { ...about, name: String(property), schema });
    const isGiven = (value: unknown): boolean => value !== undefined && (or === undefined || value !== or);
    Transform(({ obj }) => {
      const value = (obj as Record<string, unknown>)[String(property)];
      return isGiven(value) ? kind.read(value) : value;
    })(target, property);
    ValidateIf((_, value) => isGiven(value))(target, property);
    ValidateNested()(target, property);
  };
}

function toShape(shape: ShapeClass, options: NestedOptions, given: unknown): object {
  const value = options.expand ? options.expand(given) : given;
  if (!isPlainMap(value)) return new Misplaced(`a map with ${listKeys(shape)}`, value);
  return options.read ? options.read(value) : (plainToInstance(shape, value) as object);
}

function listKeys(shape: ShapeClass): string {
  return keysOf(shape)
    .map(({ name }) => name)
    .join(', ');
}

export function isPlainMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Stands where a map or a list should be, so that the fault is found at that place like any other. */
export class Misplaced {
  @ValidateBy({ name: 'misplaced', validator: { validate: () => false } })
  readonly message: string;

  constructor(expected: string, value: unknown) {
    // A text in place of a map may be a URL with a password.
    this.message = `expected ${expected}, got ${typeof value === 'string' ? 'a text' : describeValue(value)}`;
  }
}
