import { Key } from './key.js';
import { Nested, NestedList } from './nested.js';
import { period } from './quantities.js';
import { text, wholeNumber } from './rules.js';
import { StreamShape } from './stream-shape.js';
import { TargetShape } from './target-shape.js';
import { TransformShape } from './transform-shape.js';

/** How often the folders are looked at after a trigger. */
export class MonitorShape {
  @Key(period('1s', '24h', 'smh'), {
    description: 'Time between two looks.',
    default: '60s',
    examples: ['60s', '5m', '1h'],
  })
  every?: string;
}

/**
 * The whole YAML. With one stream, that stream's keys may stand at the top level instead of under `streams`.
 */
export class PipelineShape extends StreamShape {
  @Key(text('a name of a-z, 0-9, _ and - (at most 63, a letter first)', /^[a-z][a-z0-9_-]{0,62}$/), {
    description: 'Name of the pipeline; versions are counted by it.',
    default: 'default',
    examples: ['shop'],
  })
  pipeline?: string;

  @Nested(TargetShape, { description: "The PostgreSQL database to load into. Default: the service's own." })
  target?: TargetShape;

  @Nested(MonitorShape, {
    description: 'Look at the folders again and again after a trigger; false switches it off.',
    or: false,
    shortForms: () => [{ const: false }],
  })
  monitor?: MonitorShape | false;

  @Key(wholeNumber(1, 4), {
    description:
      'Streams that are worked on side by side, where none needs the other. Default: the setting MILLRACE_STREAMS.',
    examples: [2],
  })
  concurrency?: number;

  @NestedList(StreamShape, { description: 'The target tables, each fed by its own sources.' })
  streams?: StreamShape[];

  @NestedList(TransformShape, { description: 'SQL that runs after the streams are loaded, in this order.' })
  transform?: TransformShape[];
}
