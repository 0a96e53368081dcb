import type { RunDto, StreamReportDto } from '../../src/jobs/run.dto.js';
import { RangeSet, toRanges } from './range-set.js';
import { contentOf, type SoakFile } from './soak-file.js';
import { type SoakStream, STREAMS } from './streams.js';
import type { World } from './world.js';

/** The last load of each stream has all the files as they are, their bad rows as rejects, their rows in the CSV. */
export async function checkLastRuns(world: World, runs: RunDto[]): Promise<void> {
  for (const stream of STREAMS) {
    const isLoad = (report: StreamReportDto) => report.table === stream.table && report.state === 'succeeded';
    const run = runs.findLast(({ streams }) => streams.some(isLoad));
    const report = run?.streams.find(isLoad);
    if (!run || !report) {
      world.violations.add(stream.table, { expected: 'a run that loaded it', got: 'none' });
      continue;
    }
    checkListing(world, stream, report);
    await checkRejects(world, stream, run.id);
    await checkOutput(world, stream, run.id);
  }
}

function checkListing({ model, violations }: World, stream: SoakStream, report: StreamReportDto): void {
  const expected = model.filesOf(stream).map((file) => `${file.name} ${contentOf(file).fingerprint}`);
  const got = report.files.map(({ name, fingerprint }) => `${name} ${fingerprint}`);
  violations.same(`files of the last load of ${stream.table}`, expected.sort().join(), got.sort().join());
}

async function checkRejects(
  { api, model, violations }: World,
  stream: SoakStream,
  runId: string,
): Promise<void> {
  const got = new Map<string, number>();
  for (let cursor: string | null = ''; cursor !== null;) {
    const at: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { items: { file: string }[]; nextCursor: string | null } = await api.insist(
      `/runs/${runId}/rejects?table=${stream.table}&limit=100${at}`,
    );
    for (const { file } of page.items) got.set(file, (got.get(file) ?? 0) + 1);
    cursor = page.nextCursor;
  }
  const isRead = new Set<string>();
  for (const file of [...model.filesOf(stream)].sort(byName)) {
    const { fingerprint, bad } = contentOf(file);
    // A copy is not read: the rejects stand at the first file of that content and that ending.
    const reading = `${file.format} ${fingerprint}`;
    violations.same(`rejects of ${file.name}`, isRead.has(reading) ? 0 : bad, got.get(file.name) ?? 0);
    isRead.add(reading);
  }
}

function byName(a: SoakFile, b: SoakFile): number {
  return Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));
}

async function checkOutput(
  { api, model, violations }: World,
  stream: SoakStream,
  runId: string,
): Promise<void> {
  const csv = await api.insist<string>(`/runs/${runId}/output/${stream.table}`);
  const [header = '', ...lines] = csv.trimEnd().split('\n');
  const at = header.split(',').findIndex((name) => name.replaceAll('"', '') === 'id');
  // No field before the id has a comma of its own: the columns stand in the order of the config.
  const ids = lines.map((line) => Number(line.split(',')[at]?.replaceAll('"', '')));
  const expected = model.present(stream);
  const got = new RangeSet(toRanges(ids));
  violations.same(
    `rows missing in the combined CSV of ${stream.table}`,
    'none',
    String(expected.without(got)),
  );
  violations.same(
    `strange rows in the combined CSV of ${stream.table}`,
    'none',
    String(got.without(expected)),
  );
}
