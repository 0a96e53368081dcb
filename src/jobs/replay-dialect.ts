import type { StreamConfig } from '../config-history/pipeline-config.js';
import type { Dialect } from '../schema/stage-request.js';
import type { ReplayFile } from './write-replay-files.js';
import { NULL_MARK } from './write-raw-record.js';

/** How a file of rejected records is read as delimited text, and what its columns are called. */
export interface ReplayDialect {
  dialect: Dialect;
  columns: string[];
}

/**
 * Records are split as their file was; what a text means, and the names where the file has none, are for the config
 * that the replay goes by to say.
 */
export function replayDialect({ source, layout }: ReplayFile, stream: StreamConfig): ReplayDialect {
  if (!layout.dialect) {
    const ours = { delimiter: ',', quote: '"', header: false, nulls: [NULL_MARK], isRegular: false };
    return { dialect: ours, columns: layout.columns };
  }
  const { delimiter, quote, header } = layout.dialect;
  const csv = stream.sources[source]?.csv;
  const nulls = (csv?.nulls ?? layout.dialect.nulls).filter((text) => !text.includes(delimiter));
  const named = header || csv?.header !== false ? null : csv.columns;
  return {
    dialect: { delimiter, quote, header: false, nulls, isRegular: false },
    columns: named ?? layout.columns,
  };
}
