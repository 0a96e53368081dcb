import { formatColumnType } from './column-types.js';
import type { FileColumns } from './plan-columns.js';
import type { RecordLayout } from './stage.js';
import type { Dialect, LandedText } from './stage-request.js';

/** How the records of a file were read, from how the file was. */
export function recordLayout(file: LandedText, { sources, types }: FileColumns): RecordLayout {
  return {
    format: formatOf(file),
    dialect: file.dialect && dialectOf(file.dialect),
    columns: sources,
    types: types.map((type) => type && formatColumnType(type)),
  };
}

function dialectOf({ delimiter, quote, header, nulls }: Dialect): RecordLayout['dialect'] {
  return { delimiter, quote, header, nulls };
}

function formatOf({ format, detected }: LandedText): RecordLayout['format'] {
  if (format !== 'ndjson') return format;
  return detected?.format === 'text' ? 'text' : 'json';
}
