import { keysOf, type ShapeClass } from './shape/key.js';
import { PipelineShape } from './shape/pipeline-shape.js';
import type { JsonSchema } from './shape/rules.js';
import { StreamShape } from './shape/stream-shape.js';
import { TARGET_OF_SERVER, TargetShape } from './shape/target-shape.js';

/** The JSON Schema (draft 2020-12) of the YAML, made from the classes that check it at upload. */
export function buildConfigSchema(): JsonSchema {
  const definitions = new Map<ShapeClass, JsonSchema>();
  const refer = (shape: ShapeClass): JsonSchema => {
    if (!definitions.has(shape)) {
      definitions.set(shape, {});
      definitions.set(shape, describeShape(shape, refer));
    }
    return { $ref: `#/$defs/${nameOf(shape)}` };
  };
  const root = describeShape(PipelineShape, refer);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Millrace pipeline',
    description: 'What a pipeline reads, what its tables look like, and where it loads them.',
    ...root,
    $defs: Object.fromEntries([...definitions].map(([shape, schema]) => [nameOf(shape), schema])),
  };
}

function describeShape(shape: ShapeClass, refer: (shape: ShapeClass) => JsonSchema): JsonSchema {
  const keys = keysOf(shape);
  const properties = keys.map(({ name, schema, description, default: fallback, examples }) => [
    name,
    {
      ...schema(refer),
      description,
      ...(fallback !== undefined && { default: fallback }),
      ...(examples && { examples }),
    },
  ]);
  const required = keys.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
    ...(shape === TargetShape && { dependentRequired: dependOnHost() }),
    ...describeSources(shape),
  };
}

/** What describes a server names it. */
function dependOnHost(): JsonSchema {
  return Object.fromEntries(TARGET_OF_SERVER.map((key) => [key, ['host']]));
}

/** A stream needs sources; at the top they stand by themselves, or streams do and no key of a stream beside them. */
function describeSources(shape: ShapeClass): JsonSchema {
  if (shape === StreamShape) return { required: ['sources'] };
  if (shape !== PipelineShape) return {};
  const streamKeys = keysOf(StreamShape).map(({ name }) => [name, false] as const);
  return {
    oneOf: [
      { required: ['sources'], properties: { streams: false } },
      { required: ['streams'], properties: Object.fromEntries(streamKeys) },
    ],
  };
}

function nameOf(shape: ShapeClass): string {
  return shape.name.replace(/Shape$/, '');
}
