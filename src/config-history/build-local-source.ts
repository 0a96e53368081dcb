import type { LocalSourceConfig } from './pipeline-config.js';
import type { CsvFileShape, CsvShape } from './shape/csv-shape.js';
import type { LocalSourceShape } from './shape/source-shape.js';

/** Fills in every default of a local source. */
export function buildLocalSource(source: LocalSourceShape): LocalSourceConfig {
  const csv: CsvFileShape = source.csv ?? {};
  return {
    type: source.type,
    path: source.path,
    include: source.include ?? null,
    format: (source.format ?? 'auto') as LocalSourceConfig['format'],
    csv: { ...buildCsv(csv), encoding: (csv.encoding ?? 'auto') as LocalSourceConfig['csv']['encoding'] },
    records: source.records ?? '$',
  };
}

/** How delimited text is read, every default filled in. */
export function buildCsv(csv: CsvShape): Omit<LocalSourceConfig['csv'], 'encoding'> {
  return {
    delimiter: csv.delimiter === '\\t' ? '\t' : (csv.delimiter ?? 'auto'),
    quote: csv.quote ?? '"',
    header: csv.header ?? true,
    columns: csv.columns ?? null,
    nulls: csv.nulls ?? [''],
  };
}
