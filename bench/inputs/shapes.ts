import { Random } from '../../test/soak/random.js';

const WIDTH = 100;
const TYPES = ['integer', 'numeric', 'text', 'date', 'boolean'];

/** A hundred columns, five types in turn. */
export const wideColumns = Array.from({ length: WIDTH }, (_, n) => ({
  name: `${TYPES[n % TYPES.length]}_${n}`,
  type: TYPES[n % TYPES.length]!,
}));

export function wideLine(row: number): string {
  const random = new Random(row);
  return wideColumns.map((_, n) => wideValue(n % TYPES.length, random)).join(',');
}

function wideValue(kind: number, random: Random): string {
  const number = random.between(1, 999_999);
  const day = () => `2024-${two(random.between(1, 12))}-${two(random.between(1, 28))}`;
  return [String(number), (number / 100).toFixed(2), `item ${number}`, day(), String(number % 2 === 0)][
    kind
  ]!;
}

const two = (number: number) => String(number).padStart(2, '0');

export const longColumns = [
  { name: 'id', type: 'bigint' },
  { name: 'title', type: 'text' },
  { name: 'body', type: 'text' },
];

const WORDS = 'the mill stands by the race and grinds what the water brings, "day" and night'.split(' ');
const LINES = 50;

/** About 4 KB, in quotes, with line ends and quotes inside. */
export function longLine(row: number): string {
  const random = new Random(row);
  const line = () => Array.from({ length: 14 }, () => random.pick(WORDS)!).join(' ');
  const body = Array.from({ length: LINES }, line).join('\n').replaceAll('"', '""');
  return `${row},note ${row},"${body}"`;
}
