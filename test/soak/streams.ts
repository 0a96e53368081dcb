export type Format = 'csv' | 'ndjson' | 'json';

/** One stream of the soak: its table, and the files that feed it. */
export interface SoakStream {
  pipeline: string;
  table: string;
  /** Below the data root. */
  folder: string;
  /** All its files' names begin so. */
  prefix: string;
  formats: Format[];
}

const csv: Format[] = ['csv'];
const mixed: Format[] = ['csv', 'json'];

export const STREAMS: readonly SoakStream[] = [
  { pipeline: 'soak-csv', table: 'soak_csv', folder: 'csv', prefix: 'rows-', formats: csv },
  { pipeline: 'soak-ndjson', table: 'soak_ndjson', folder: 'ndjson', prefix: 'rows-', formats: ['ndjson'] },
  { pipeline: 'soak-mixed', table: 'soak_orders', folder: 'mixed', prefix: 'orders-', formats: mixed },
  { pipeline: 'soak-mixed', table: 'soak_items', folder: 'mixed', prefix: 'items-', formats: mixed },
];

export const PIPELINES: readonly string[] = [...new Set(STREAMS.map(({ pipeline }) => pipeline))];

/** Most columns that new config versions add to a pipeline. */
export const MOST_EXTRAS = 8;

export function extraName(number: number): string {
  return `extra_${number}`;
}

/** The config of a pipeline with so many extra columns; `monitor.every` is the least that a config may say. */
export function configOf(pipeline: string, extras: number): string {
  const streams = STREAMS.filter((stream) => stream.pipeline === pipeline).map((stream) => {
    return [
      `  - table: ${stream.table}`,
      `    sources: [{ type: local, path: ${stream.folder}, include: ['${stream.prefix}*'] }]`,
      `    schema: { columns: { ${columnsOf(extras).join(', ')} } }`,
    ].join('\n');
  });
  return `pipeline: ${pipeline}\nmonitor: { every: 1s }\nstreams:\n${streams.join('\n')}\n`;
}

function columnsOf(extras: number): string[] {
  return [
    'id: { type: bigint, required: true }',
    'name: text',
    `amount: 'numeric(12,2)'`,
    'placed_on: date',
    'active: boolean',
    ...Array.from({ length: extras }, (_, index) => `${extraName(index + 1)}: text`),
    'ticket: { type: uuid, required: true }',
  ];
}
