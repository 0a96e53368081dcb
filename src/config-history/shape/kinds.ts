import { plainToInstance } from 'class-transformer';
import { isPlainMap, Key, type ShapeClass } from './key.js';
import { type JsonSchema, oneOf } from './rules.js';

/** The shapes that a map may be of, told apart by its `type`. A new kind is a shape and a line in such a table. */
export class Kinds {
  private readonly shapes: ReadonlyMap<string, ShapeClass>;
  /** A map whose kind is not known: its other keys cannot be judged. */
  private readonly unknown: ShapeClass;

  /** @param words the kinds that may stand as a word, without a map: those whose keys all have defaults */
  constructor(
    shapes: Record<string, ShapeClass>,
    private readonly words: readonly string[] = [],
  ) {
    this.shapes = new Map(Object.entries(shapes));
    this.unknown = class UnknownShape {};
    Key(oneOf([...this.shapes.keys()]), { description: 'Its kind.', isRequired: true })(
      this.unknown.prototype as object,
      'type',
    );
  }

  /** What `type` may say. */
  get names(): string[] {
    return [...this.shapes.keys()];
  }

  /** Follows "expected". */
  get expected(): string {
    const map = `a map with a type (one of ${this.names.join(', ')})`;
    return this.words.length === 0 ? map : `${this.words.join(', ')} or ${map}`;
  }

  /** Reads a map as the kind that its `type` names; null: it is neither a map nor a word. */
  read(given: unknown): object | null {
    const value = this.words.includes(given as string) ? { type: given } : given;
    if (!isPlainMap(value)) return null;
    const shape = this.shapes.get(String(value['type']));
    return shape
      ? (plainToInstance(shape, value) as object)
      : (plainToInstance(this.unknown, { type: value['type'] }) as object);
  }

  /** One branch for each kind. */
  schema(refer: (shape: ShapeClass) => JsonSchema): JsonSchema {
    const branches = [...this.shapes.values()].map(refer);
    const words = this.words.length === 0 ? [] : [{ enum: [...this.words] }];
    return { oneOf: [...branches, ...words] };
  }
}
