import { buildApiSource } from './build-api-source.js';
import { buildConstraints, type LoadedTables } from './build-constraints.js';
import { buildColumnContract, buildContract } from './build-contract.js';
import { buildLocalSource } from './build-local-source.js';
import { findNeeds } from './find-needs.js';
import { parseColumnType } from './parse-column-type.js';
import type {
  ColumnCleaning,
  DeclaredColumn,
  PipelineConfig,
  StreamConfig,
  TargetConfig,
  TransformConfig,
} from './pipeline-config.js';
import { ApiSourceShape } from './shape/api-source-shape.js';
import type { PipelineShape } from './shape/pipeline-shape.js';
import { parsePeriod, parseShare } from './shape/quantities.js';
import type { StreamShape } from './shape/stream-shape.js';
import type { ColumnShape } from './shape/column-shape.js';
import type { TargetShape } from './shape/target-shape.js';
import type { TransformShape } from './shape/transform-shape.js';
import { DEFAULT_PIPELINE, defaultOutput, defaultTable } from './stream-names.js';

/** Fills in every default. The shape must have been checked without a fault. */
export function buildConfig(shape: PipelineShape): PipelineConfig {
  const pipeline = shape.pipeline ?? DEFAULT_PIPELINE;
  return {
    pipeline,
    target: shape.target ? buildTarget(shape.target) : null,
    monitor: shape.monitor === false ? null : { everySeconds: parsePeriod(shape.monitor?.every ?? '60s')! },
    ...(shape.concurrency !== undefined && { concurrency: shape.concurrency }),
    streams: buildStreams(shape, pipeline),
    ...(shape.transform && { transforms: buildTransforms(shape.transform, shape, pipeline) }),
  };
}

/** Without `after` a transform comes after all that stands above it. */
function buildTransforms(
  transforms: TransformShape[],
  shape: PipelineShape,
  pipeline: string,
): TransformConfig[] {
  const above = (shape.streams ?? [shape]).map(({ table }) => table ?? defaultTable(pipeline));
  return transforms.map(({ name, as = 'view', sql, file, after }) => {
    const needs = after ?? above.slice();
    above.push(name);
    return { name, as, text: sql === undefined ? { file: file! } : { sql }, needs };
  });
}

function buildStreams(shape: PipelineShape, pipeline: string): StreamConfig[] {
  const named = (shape.streams ?? [shape]).map((stream) => {
    return { table: stream.table ?? defaultTable(pipeline), stream, path: [] };
  });
  const needs = Map.groupBy(findNeeds(named, shape.target?.schema), ({ child }) => child);
  const loaded = { schema: shape.target?.schema, tables: new Set(named.map(({ table }) => table)) };
  return named.map(({ table, stream }) => {
    const parents = new Set((needs.get(table) ?? []).map(({ parent }) => parent));
    return buildStream(stream, { table, needs: [...parents], loaded });
  });
}

function buildTarget(target: TargetShape): TargetConfig {
  return { ...target, ssl: target.ssl ?? false };
}

function buildStream(
  stream: StreamShape,
  { table, needs, loaded }: { table: string; needs: string[]; loaded: LoadedTables },
): StreamConfig {
  return {
    table,
    sources: (stream.sources ?? []).map((source) =>
      source instanceof ApiSourceShape ? buildApiSource(source) : buildLocalSource(source),
    ),
    ...(needs.length > 0 && { needs }),
    naming: stream.naming ?? 'snake_case',
    ...(stream.rename && { rename: stream.rename }),
    ...(stream.flatten && { flatten: stream.flatten }),
    ...(stream.child_tables && { childTables: true as const }),
    strictMode: stream.strict_mode ?? stream.schema?.strict_mode ?? false,
    columns: [...(stream.schema?.columns ?? [])].map(([name, column]) => buildColumn(name, column)),
    ...(stream.schema?.managed_by === 'user' && { managedBy: 'user' as const }),
    contract: buildContract(stream.contract),
    ...buildConstraints(stream, loaded),
    duplicates: stream.duplicates ?? 'drop',
    ...buildWrite(stream),
    batchRows: stream.batch_rows ?? 50_000,
    output: stream.output === false ? null : (stream.output ?? defaultOutput(table)),
  };
}

/** Keys that are not there stay so, as those of `buildCleaning`. */
function buildWrite(
  stream: StreamShape,
): Pick<StreamConfig, 'write' | 'key' | 'orderBy' | 'minRows' | 'maxShrink' | 'history'> {
  const { write = 'append', key, order_by: orderBy, min_rows: minRows, max_shrink: maxShrink } = stream;
  const { valid_from: from = 'valid_from', valid_to: to = 'valid_to' } = stream;
  return {
    write,
    ...(key && { key }),
    ...(orderBy !== undefined && { orderBy }),
    ...(minRows !== undefined && { minRows }),
    ...(maxShrink !== undefined && { maxShrink: parseShare(maxShrink) }),
    ...(write === 'scd2' && { history: { from, to } }),
  };
}

function buildColumn(name: string, column: ColumnShape): DeclaredColumn {
  const parsed = parseColumnType(column.type);
  const type = 'type' in parsed ? parsed.type : column.type;
  const cleaning = buildCleaning(column);
  const { required = false, formats = [] } = column;
  const contract = buildColumnContract(column.contract);
  return { name, type, required, formats, ...(cleaning && { cleaning }), ...(contract && { contract }) };
}

/** Keys that are not there stay so: a config that says no more than before must not look like another one. */
function buildCleaning(column: ColumnShape): ColumnCleaning | undefined {
  const { trim, nulls, map, expression, decimal } = column;
  const { true_values: trueValues, false_values: falseValues } = column;
  const fallback = column.default === undefined ? undefined : String(column.default);
  const all = { trim, nulls, map, expression, decimal, trueValues, falseValues, default: fallback };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  return given.length > 0 ? Object.fromEntries(given) : undefined;
}
