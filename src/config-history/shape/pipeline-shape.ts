import { Key, Nested, NestedList } from './key.js';
import { type Rule, text } from './rules.js';
import { StreamShape } from './stream-shape.js';
import { TargetShape } from './target-shape.js';

const SECONDS_BY_UNIT: Record<string, number> = { s: 1, m: 60, h: 3600 };
const LONGEST_PERIOD = 24 * 3600;

/** Seconds of a text such as `60s`, `5m` or `1h`; null when it is none. */
export function parsePeriod(value: unknown): number | null {
  const match = typeof value === 'string' ? /^([0-9]{1,6})([smh])$/.exec(value) : null;
  return match ? Number(match[1]) * SECONDS_BY_UNIT[match[2]!]! : null;
}

const PERIOD: Rule = {
  expected: 'a time from 1s to 24h, such as 60s, 5m or 1h',
  accepts: (value) => {
    const seconds = parsePeriod(value);
    return seconds !== null && seconds >= 1 && seconds <= LONGEST_PERIOD;
  },
  schema: { type: 'string', pattern: '^0*[1-9][0-9]*[smh]$' },
};

/** How often the folders are looked at after a trigger. */
export class MonitorShape {
  @Key(PERIOD, { description: 'Time between two looks.', default: '60s', examples: ['60s', '5m', '1h'] })
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

  @NestedList(StreamShape, { description: 'The target tables, each fed by its own sources.' })
  streams?: StreamShape[];
}
