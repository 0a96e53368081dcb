/** The name of a pipeline whose config gives none. */
export const DEFAULT_PIPELINE = 'default';

/** The table of a stream that names none: the pipeline's name, with _ for each -. */
export function defaultTable(pipeline: unknown): string {
  return (typeof pipeline === 'string' ? pipeline : DEFAULT_PIPELINE).replaceAll('-', '_');
}

/** The combined CSV of a stream that names none. */
export function defaultOutput(table: string): string {
  return `${table}.csv`;
}
