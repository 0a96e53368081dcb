import { plainToInstance, Transform } from 'class-transformer';
import { ValidateBy, ValidateIf, ValidateNested } from 'class-validator';
import { declareKey, isPlainMap, type KeyText, keysOf, type ShapeClass } from './key.js';
import { Kinds } from './kinds.js';
import { describeValue, type JsonSchema } from './rules.js';

/** Most streams, and most sources of a stream. */
const MAX_ENTRIES = 1000;

/** A key that holds a map with keys of its own. */
export interface NestedOptions extends KeyText {
  /** Turns a short form into the map that it stands for. */
  expand?: (value: unknown) => unknown;
  /** A literal that may stand instead of the map. */
  or?: false;
  /** JSON Schemas of the short forms and literals. */
  shortForms?: (refer: (shape: ShapeClass) => JsonSchema) => JsonSchema[];
}

/** What a nested map is: of one shape, or of the one that its `type` names. */
export type Inner = ShapeClass | Kinds;

/** One map with keys of its own. */
export function Nested(inner: Inner, options: NestedOptions): PropertyDecorator {
  return nest(options, {
    read: (value) => toShape(inner, options, value),
    schema: (item) => item,
    inner,
  });
}

/** A list of maps, at least one. */
export function NestedList(inner: Inner, options: NestedOptions): PropertyDecorator {
  return nest(options, {
    read: (value) =>
      Array.isArray(value) && value.length > 0 && value.length <= MAX_ENTRIES
        ? value.map((item) => toShape(inner, options, item))
        : new Misplaced(`a list with 1 to ${MAX_ENTRIES} entries`, value),
    schema: (items) => ({ type: 'array', items, minItems: 1, maxItems: MAX_ENTRIES }),
    inner,
  });
}

/** A map from names that the user chooses to maps of one shape. */
export function NestedMap(inner: Inner, options: NestedOptions & { names: RegExp }): PropertyDecorator {
  return nest(options, {
    read: (value) =>
      isPlainMap(value)
        ? new Map(Object.entries(value).map(([name, item]) => [name, toShape(inner, options, item)]))
        : new Misplaced('a map from names to values', value),
    schema: (item) => ({
      type: 'object',
      propertyNames: { pattern: options.names.source },
      additionalProperties: item,
    }),
    inner,
  });
}

interface NestKind {
  inner: Inner;
  read(value: unknown): unknown;
  schema(item: JsonSchema): JsonSchema;
}

function nest(options: NestedOptions, kind: NestKind): PropertyDecorator {
  return (target, property) => {
    const { expand: _expand, or, shortForms, ...about } = options;
    const schema = (refer: (shape: ShapeClass) => JsonSchema): JsonSchema => {
      const item = kind.inner instanceof Kinds ? kind.inner.schema(refer) : refer(kind.inner);
      const forms = shortForms?.(refer) ?? [];
      return kind.schema(forms.length === 0 ? item : { anyOf: [item, ...forms] });
    };
    declareKey(target, { ...about, name: String(property), schema });
    const isGiven = (value: unknown): boolean => value !== undefined && (or === undefined || value !== or);
    Transform(({ obj }) => {
      const value = (obj as Record<string, unknown>)[String(property)];
      return isGiven(value) ? kind.read(value) : value;
    })(target, property);
    ValidateIf((_, value) => isGiven(value))(target, property);
    ValidateNested()(target, property);
  };
}

function toShape(inner: Inner, options: NestedOptions, given: unknown): object {
  const value = options.expand ? options.expand(given) : given;
  if (inner instanceof Kinds) return inner.read(value) ?? new Misplaced(inner.expected, value);
  if (!isPlainMap(value)) return new Misplaced(`a map with ${listKeys(inner)}`, value);
  return plainToInstance(inner, value) as object;
}

function listKeys(shape: ShapeClass): string {
  return keysOf(shape)
    .map(({ name }) => name)
    .join(', ');
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
