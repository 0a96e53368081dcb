import { list, literal, readPath } from './engine.js';
import { extraRoom, LINE_SIZE, LINES_A_BUFFER, PLACE, type ReadableFile } from './readable-file.js';

/** The engine's scan of CSV files that are read alike. */
export function scanDelimited(group: ReadableFile[]): string {
  const paths = group.map((file) => readPath(file.path)).join(', ');
  return `read_csv([${paths}], hive_partitioning=false, ${csvOptions(group[0]!)})`;
}

function csvOptions(file: ReadableFile): string {
  const { delimiter, quote, header, nulls } = file.dialect!;
  // Files that the service itself has written: without a header, and without a fault.
  const isOwn = file.isNumbered || file.page !== null;
  const numbers = file.page === null ? (file.isNumbered ? PLACE : []) : ['#page'];
  const places = numbers.map((name) => `'${name}': 'BIGINT'`);
  const texts = file.columns.map((_, n) => `'c${n}': 'VARCHAR'`);
  return [
    'auto_detect=false',
    `header=${header && !isOwn}`,
    `delim=${literal(delimiter)}`,
    `quote=${literal(quote ?? '')}`,
    `escape=${literal(quote ?? '')}`,
    `nullstr=${list(nulls.length ? nulls : ['\u0001'])}`,
    'allow_quoted_nulls=false',
    `compression='none'`,
    'strict_mode=true',
    // In other files one fault is enough to want the careful scan.
    ...(isOwn ? [`new_line='\\n'`] : ['store_rejects=true', 'rejects_limit=1']),
    `max_line_size=${LINE_SIZE + extraRoom(file)}`,
    // Where the longest record is known, and long, several such buffers would be most of the engine's memory.
    `buffer_size=${(isOwn && extraRoom(file) > 0 ? 1 : LINES_A_BUFFER) * (LINE_SIZE + extraRoom(file))}`,
    `columns={${[...places, ...texts].join(', ')}}`,
  ].join(', ');
}
