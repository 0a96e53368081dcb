import { ApiProperty } from '@nestjs/swagger';
import { SHOWN_FILES } from './find-with-files.js';
import type { FileState, RunState, RunTrigger, StreamState, TransformState } from './run-report.js';
import type { Run } from './run.entity.js';

export const RUN_STATES: RunState[] = ['queued', 'running', 'succeeded', 'failed', 'cancelled'];
export const RUN_TRIGGERS: RunTrigger[] = ['manual', 'schedule', 'monitor', 'replay'];
const STREAM_STATES: StreamState[] = [
  'waiting',
  'extracting',
  'staging',
  'loading',
  'writing',
  'succeeded',
  'unchanged',
  'empty',
  'failed',
  'skipped',
  'cancelled',
];
export const FILE_STATES: FileState[] = ['waiting', 'landed', 'loaded', 'copy', 'unchanged'];

const SHA256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const RUN_ID = '0198f0a0-5c1e-7d3a-9b1f-2f6c3e8a4d10';

class CountsDto {
  @ApiProperty({ description: 'Records read: inserted + updated + duplicate + rejected', example: 1461 })
  read: number;

  @ApiProperty({ description: 'Rows that are new in the table', example: 1460 })
  inserted: number;

  @ApiProperty({ description: 'Rows that were changed in the table', example: 0 })
  updated: number;

  @ApiProperty({ description: 'Rows that the table had already, or that the files repeat', example: 1 })
  duplicate: number;

  @ApiProperty({ description: 'Records that were refused; see GET /runs/{id}/rejects', example: 0 })
  rejected: number;
}

class DetectedDto {
  @ApiProperty({ enum: ['csv', 'text', 'json', 'ndjson', 'parquet', 'xml'], example: 'csv' })
  format: string;

  @ApiProperty({ type: String, nullable: true, enum: ['gzip', 'zstd'], example: null })
  compression: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'utf-8' })
  encoding: string | null;

  @ApiProperty({ type: String, nullable: true, example: ',' })
  delimiter: string | null;

  @ApiProperty({
    type: Boolean,
    nullable: true,
    description: 'The first record names the columns',
    example: true,
  })
  header: boolean | null;
}

export class FileReportDto extends CountsDto {
  @ApiProperty({ description: 'Number of the source in its stream, from 0', example: 0 })
  source: number;

  @ApiProperty({
    description: "Path in the source's folder; of a page of an API its number",
    example: 'seattle-weather.csv',
  })
  name: string;

  @ApiProperty({ description: 'SHA-256 of its bytes, of a page that of its records', example: SHA256 })
  fingerprint: string;

  @ApiProperty({ type: Number, nullable: true, description: 'Size in bytes', example: 48219 })
  bytes: number | null;

  @ApiProperty({
    required: false,
    description: 'Where a page of an API came from, without secrets; missing for files',
    example: 'https://api.example.com/orders?offset=1000',
  })
  url?: string;

  @ApiProperty({
    enum: FILE_STATES,
    description:
      '`copy`: same content as another file of the run. `unchanged`: loaded by an earlier run, not read; in a stream that was loaded, its counts are taken over.',
    example: 'loaded',
  })
  state: FileState;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The file that this one is a copy of',
    example: null,
  })
  copyOf: string | null;

  @ApiProperty({
    type: DetectedDto,
    nullable: true,
    description: 'How the file was read; null when it was not',
  })
  detected: DetectedDto | null;

  @ApiProperty({ type: Number, nullable: true, description: 'Time to make it ready to be read', example: 4 })
  durationMs: number | null;
}

export class SkippedFileDto {
  @ApiProperty({ example: 0 })
  source: number;

  @ApiProperty({ example: 'half.csv' })
  name: string;

  @ApiProperty({ example: 'expected a file that stands still, got one that is still growing' })
  reason: string;
}

class ReportColumnDto {
  @ApiProperty({ example: 'temp_max' })
  name: string;

  @ApiProperty({ example: 'numeric' })
  type: string;
}

class ColumnChangeDto {
  @ApiProperty({ enum: ['add', 'widen'], example: 'widen' })
  kind: 'add' | 'widen';

  @ApiProperty({ example: 'amount' })
  column: string;

  @ApiProperty({ type: String, nullable: true, description: 'null: there was none', example: 'bigint' })
  from: string | null;

  @ApiProperty({ example: 'numeric' })
  to: string;
}

class NulledColumnDto {
  @ApiProperty({ example: 'amount' })
  column: string;

  @ApiProperty({ description: 'Among the records that were read and not refused', example: 3 })
  count: number;
}

class RunErrorDetailDto {
  @ApiProperty({ required: false, example: 'amount' })
  path?: string;

  @ApiProperty({ required: false, example: 7 })
  line?: number;

  @ApiProperty({ required: false, example: 3 })
  column?: number;

  @ApiProperty({ example: 'expected numeric(12,2), got "1.5.0"' })
  message: string;
}

export class RunErrorDto {
  @ApiProperty({ description: 'Stable, for programs', example: 'TOO_MANY_REJECTS' })
  code: string;

  @ApiProperty({ example: 'orders: expected at most 5% rejects, got 12 of 100' })
  message: string;

  @ApiProperty({ type: [RunErrorDetailDto] })
  details: RunErrorDetailDto[];
}

class StreamErrorDto extends RunErrorDto {
  @ApiProperty({ description: 'It may pass by itself: another run may well succeed', example: false })
  isPassing: boolean;
}

class ChildReportDto extends CountsDto {
  @ApiProperty({ example: 'orders__items' })
  table: string;

  @ApiProperty({
    description: "Rows that left the table; those that went with their parent's row are not counted",
    example: 0,
  })
  deleted: number;

  @ApiProperty({ type: String, nullable: true, example: 'orders__items.csv' })
  output: string | null;
}

export class StreamSummaryDto extends CountsDto {
  @ApiProperty({ example: 'weather' })
  table: string;

  @ApiProperty({
    enum: STREAM_STATES,
    description:
      '`unchanged`: no file and no page differs from what was loaded last. `empty`: there is no file, and no page with ' +
      'records. `failed`: see `error`. `skipped`: a stream that it needs failed.',
    example: 'succeeded',
  })
  state: StreamState;

  @ApiProperty({
    type: String,
    nullable: true,
    description:
      "Digest of the stream's config and what its files and pages hold: equal ones mean that nothing changed",
    example: SHA256,
  })
  signature: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    required: false,
    description: 'The same without the pages of APIs: what monitors compare',
    example: SHA256,
  })
  lookSignature?: string | null;

  @ApiProperty({
    description:
      'Rows that left the table: `write: replace` alone takes any. Missing in runs from before there were any',
    required: false,
    example: 0,
  })
  deleted?: number;

  @ApiProperty({ description: 'Bytes of rows that were sent to the database', example: 71520 })
  rowBytes: number;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Name of the combined CSV',
    example: 'weather.csv',
  })
  output: string | null;

  @ApiProperty({ type: [ReportColumnDto] })
  columns: ReportColumnDto[];

  @ApiProperty({
    type: [NulledColumnDto],
    required: false,
    description: 'Values that did not fit their column and became NULL, as the contract says, by column',
  })
  nulled?: NulledColumnDto[];

  @ApiProperty({
    type: [ColumnChangeDto],
    required: false,
    description: 'What the load has changed about the columns of a table that was there before',
  })
  changes?: ColumnChangeDto[];

  @ApiProperty({
    type: [ChildReportDto],
    required: false,
    description: 'Tables for arrays inside the records (`child_tables`), loaded together with this one',
  })
  children?: ChildReportDto[];

  @ApiProperty({ description: 'Files and pages that were taken', example: 2 })
  fileCount: number;

  @ApiProperty({
    description: 'Files that were seen and left alone, and answers that were ignored',
    example: 0,
  })
  skippedCount: number;

  @ApiProperty({ type: Number, nullable: true, example: 412 })
  durationMs: number | null;

  @ApiProperty({
    type: StreamErrorDto,
    nullable: true,
    required: false,
    description: 'What it failed with last, or (`PARENT_FAILED`) why it was skipped',
    example: null,
  })
  error?: StreamErrorDto | null;
}

export class StreamReportDto extends StreamSummaryDto {
  @ApiProperty({
    type: [FileReportDto],
    description: `The first ${SHOWN_FILES}; \`GET /runs/{id}/files\` has all`,
  })
  files: FileReportDto[];

  @ApiProperty({
    type: [SkippedFileDto],
    description: `Files that were seen and left alone, the first ${SHOWN_FILES}`,
  })
  skipped: SkippedFileDto[];
}

const TRANSFORM_STATES: TransformState[] = [
  'waiting',
  'running',
  'succeeded',
  'unchanged',
  'failed',
  'skipped',
  'cancelled',
];

class TransformReportDto {
  @ApiProperty({ example: 'daily_sales' })
  name: string;

  @ApiProperty({ enum: ['view', 'table', 'statement'], example: 'table' })
  as: 'view' | 'table' | 'statement';

  @ApiProperty({
    enum: TRANSFORM_STATES,
    description:
      '`unchanged`: neither its SQL nor the rows that it is made of have changed. `skipped`: what it needs failed.',
    example: 'succeeded',
  })
  state: TransformState;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Rows that it wrote; null for a view',
    example: 31,
  })
  rows: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 18 })
  durationMs: number | null;

  @ApiProperty({ type: StreamErrorDto, nullable: true, example: null })
  error: StreamErrorDto | null;
}

const RATE = { type: Number, nullable: true };

export class RunProgressDto {
  @ApiProperty({ description: 'The stream that is at work', example: 'orders' })
  table: string;

  @ApiProperty({ enum: STREAM_STATES, description: 'What it is at', example: 'staging' })
  stage: StreamState;

  @ApiProperty({ example: 0 })
  streamsDone: number;

  @ApiProperty({ example: 1 })
  streamsTotal: number;

  @ApiProperty({ description: 'Files that are ready to be read, or done', example: 12 })
  filesDone: number;

  @ApiProperty({ example: 12 })
  filesTotal: number;

  @ApiProperty({ description: "Of the files' bytes, as much as the work that is done", example: 1_048_576 })
  bytesDone: number;

  @ApiProperty({ example: 4_194_304 })
  bytesTotal: number;

  @ApiProperty({
    description: 'Rows that are through with loading, about; while an API is read, records that came',
    example: 0,
  })
  rowsDone: number;

  @ApiProperty({ ...RATE, description: 'Over the last seconds', example: 0 })
  rowsPerSecond: number | null;

  @ApiProperty({ ...RATE, description: 'Over the last seconds', example: 524_288 })
  bytesPerSecond: number | null;

  @ApiProperty({
    ...RATE,
    description: 'Time that is left, about; null as long as nobody can tell',
    example: 6,
  })
  etaSeconds: number | null;
}

class ReplayDto {
  @ApiProperty({ format: 'uuid', description: 'The run that has the rejects', example: RUN_ID })
  runId: string;

  @ApiProperty({ type: String, nullable: true, description: 'null: those of all tables', example: null })
  table: string | null;
}

export class RunSummaryDto {
  @ApiProperty({ format: 'uuid', description: 'Sorts by age', example: RUN_ID })
  id: string;

  @ApiProperty({ example: 'shop' })
  pipeline: string;

  @ApiProperty({ example: 1 })
  configVersion: number;

  @ApiProperty({ enum: RUN_TRIGGERS, example: 'manual' })
  trigger: RunTrigger;

  @ApiProperty({
    type: ReplayDto,
    nullable: true,
    description: "Which rejects the run takes up again; null for a run of the pipeline's files",
    example: null,
  })
  replay: ReplayDto | null;

  @ApiProperty({ enum: RUN_STATES, example: 'queued' })
  state: RunState;

  @ApiProperty({ description: 'How many times the run was begun, by itself after a crash too', example: 0 })
  attempt: number;

  @ApiProperty({ format: 'date-time' })
  queuedAt: Date;

  @ApiProperty({ type: Date, format: 'date-time', nullable: true })
  startedAt: Date | null;

  @ApiProperty({ type: Date, format: 'date-time', nullable: true })
  finishedAt: Date | null;

  @ApiProperty({
    type: Date,
    format: 'date-time',
    nullable: true,
    description: 'When somebody asked to cancel it',
    example: null,
  })
  cancelAskedAt: Date | null;

  @ApiProperty({
    type: RunProgressDto,
    nullable: true,
    description: 'How far it is; null before it begins and once it is over',
  })
  progress: RunProgressDto | null;

  @ApiProperty({ type: [StreamSummaryDto] })
  streams: StreamSummaryDto[];

  @ApiProperty({ type: [TransformReportDto], description: 'SQL after the loads, in the order of the config' })
  transforms: TransformReportDto[];

  @ApiProperty({ type: RunErrorDto, nullable: true })
  error: RunErrorDto | null;
}

export class RunDto extends RunSummaryDto {
  @ApiProperty({ type: [StreamReportDto] })
  declare streams: StreamReportDto[];
}

export class RunPageDto {
  @ApiProperty({ type: [RunSummaryDto] })
  items: RunSummaryDto[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'For the next page; null on the last',
    example: null,
  })
  nextCursor: string | null;
}

/** What users see of a run in a list. */
export function toRunSummaryDto(run: Run): RunSummaryDto {
  const { id, pipeline, configVersion, trigger, replay, state, attempt } = run;
  const { queuedAt, startedAt, finishedAt, cancelAskedAt, progress, streams, transforms, error } = run;
  return {
    id,
    pipeline,
    configVersion,
    trigger,
    replay,
    state,
    attempt,
    queuedAt,
    startedAt,
    finishedAt,
    cancelAskedAt,
    progress,
    streams,
    transforms,
    error,
  };
}

/** What users see of one run. */
export function toRunDto(run: Run): RunDto {
  const streams = run.streams.map((summary, index): StreamReportDto => {
    const { files, skipped } = run.files?.[index] ?? { files: [], skipped: [] };
    return { ...summary, files: files.slice(0, SHOWN_FILES), skipped: skipped.slice(0, SHOWN_FILES) };
  });
  return { ...toRunSummaryDto(run), streams };
}

class FileOfRunDto extends FileReportDto {
  @ApiProperty({ description: 'The table of its stream', example: 'orders' })
  table: string;
}

export class FilePageDto {
  @ApiProperty({ type: [FileOfRunDto] })
  items: FileOfRunDto[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'For the next page; null on the last',
    example: null,
  })
  nextCursor: string | null;
}
