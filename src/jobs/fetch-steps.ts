import { stat } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { ExtractionService } from '../extraction/extraction.service.js';
import type { Fetched, FetchProgress, FetchRequest } from '../extraction/api/fetch-request.js';
import type { LandedFile } from '../extraction/landed-file.js';
import type { LoadCursors } from '../loader/cursors.js';
import { LoaderService } from '../loader/loader.service.js';
import { cursorKey } from './cursor-key.js';
import { checkComplete } from './check-complete.js';
import type { StreamLook } from './look-at-stream.js';
import { loadSignature } from './plan-files.js';
import type { SkippedFile } from './run-report.js';
import { enter, logSkipped, logStep, type StreamWalk } from './run-walk.js';
import { SetAsideFiles } from './set-aside-files.js';
import { addPage, applyFetched } from './stream-report.js';
import { apiSources, type PlacedApi } from './stream-sources.js';

/** What the APIs of a stream gave. */
export interface StreamPages {
  files: LandedFile[];
  cursors: LoadCursors;
}

/** What one of them gave. */
interface SourcePages extends Pick<Fetched, 'files'> {
  cursors: LoadCursors;
  skipped: SkippedFile[];
}

/** Reads the APIs of a stream; pages that an earlier attempt of the run has on this disk are not asked for again. */
@Injectable()
export class FetchSteps {
  constructor(
    private readonly extraction: ExtractionService,
    private readonly loader: LoaderService,
    private readonly setAside: SetAsideFiles,
  ) {}

  /** All pages of all its APIs, and how far the load with them comes. The stream's signature is that of the load from here. */
  async fetch(at: StreamWalk, look: StreamLook): Promise<StreamPages> {
    const all: StreamPages & { skipped: SkippedFile[] } = {
      files: [],
      cursors: { begunAt: [], reached: [] },
      skipped: [],
    };
    const sources = apiSources(at.stream);
    if (sources.length === 0) return all;
    await enter(at, 'extracting');
    let rows = 0;
    for (const [done, placed] of sources.entries()) {
      const before = rows;
      const share = (progress: FetchProgress) => {
        const part = shareOf(progress);
        rows = before + progress.records;
        at.progress.advance(at.index, part === null ? null : (done + part) / sources.length, rows);
      };
      const { files, cursors, skipped } = await this.fetchOrShow(at, placed, share);
      all.files.push(...files);
      all.skipped.push(...skipped);
      all.cursors.begunAt.push(...cursors.begunAt);
      all.cursors.reached.push(...cursors.reached);
    }
    await this.leaveSetAside(at, all);
    const { files: pages, skipped } = all;
    applyFetched(at.report, { pages, skipped, signature: loadSignature(at.stream, look.signature, pages) });
    await at.journal.record(at.streams);
    logStep(at, 'extract', 'fetched', { pages: pages.length, skipped: skipped.length });
    logSkipped(at, skipped);
    return all;
  }

  /** A run that fails while it fetches still shows the pages that came. */
  private async fetchOrShow(
    at: StreamWalk,
    placed: PlacedApi,
    share: (progress: FetchProgress) => void,
  ): Promise<SourcePages> {
    try {
      return await this.fetchSource(at, placed, share);
    } catch (error) {
      await at.journal.record(at.streams);
      throw error;
    }
  }

  private async fetchSource(
    at: StreamWalk,
    { index, source }: PlacedApi,
    share: (progress: FetchProgress) => void,
  ): Promise<SourcePages> {
    const parents = source.forEach ? await at.folder.parents(at.index, index) : null;
    if (source.forEach && parents && (await stat(parents)).size === 0)
      return withoutParents(index, source.forEach.stream);
    const sourceKey = cursorKey(source);
    const cursors = source.cursor ? await this.storedCursors(at, sourceKey) : new Map<string, string>();
    const folder = await at.folder.fetched(at.index, index);
    const what = { source, secrets: at.secrets, index, folder, cursors, parents, signal: at.signals.work };
    const fetched = await this.extraction.fetch({ ...what, ...listeners(at, index, share) });
    return {
      files: fetched.files,
      cursors: {
        begunAt: cursors.size > 0 ? [sourceKey] : [],
        reached: fetched.cursors.map((cursor) => ({ ...cursor, sourceKey })),
      },
      skipped: fetched.skipped.map(({ name, reason }) => ({ source: index, name, reason })),
    };
  }

  private async storedCursors(at: StreamWalk, sourceKey: string): Promise<ReadonlyMap<string, string>> {
    const { pipeline, id: runId } = at.journal.run;
    return this.loader.cursors(at.target(), { pipeline, table: at.stream.table, sourceKey, runId });
  }

  /** Goes on without the pages that workers died of. Their records are still to come: the cursors stay where they are. */
  private async leaveSetAside(at: StreamWalk, all: StreamPages & { skipped: SkippedFile[] }): Promise<void> {
    const { run } = at.journal;
    const { table } = at.stream;
    for (const page of all.files) await this.setAside.judge(run, table, page);
    const setAside = await this.setAside.of(run.pipeline, run.configVersion, table);
    const left = all.files.filter(({ fingerprint }) => setAside.has(fingerprint));
    if (left.length === 0) return;
    checkComplete(at.stream, {
      missing: left.length,
      skipped: left.map(({ source, name }) => ({ source, name, reason: 'set aside' })),
    });
    all.files = all.files.filter(({ fingerprint }) => !setAside.has(fingerprint));
    all.cursors.reached = [];
    for (const { source, name, fingerprint } of left) {
      all.skipped.push({ source, name, reason: setAside.get(fingerprint) ?? '' });
    }
  }
}

function withoutParents(source: number, parent: string): SourcePages {
  const reason = `expected rows of ${parent} to ask for, this run has read none`;
  return { files: [], cursors: { begunAt: [], reached: [] }, skipped: [{ source, name: parent, reason }] };
}

/** What a fetch tells of itself goes to the run's report, its progress and its log. */
function listeners(
  { report, journal, stream }: StreamWalk,
  source: number,
  share: (progress: FetchProgress) => void,
): Required<Pick<FetchRequest, 'onPage' | 'log'>> {
  return {
    onPage: (page, progress) => {
      addPage(report, page);
      share(progress);
    },
    log: (level, message, fields) => {
      journal.log[level]({ stream: stream.table, stage: 'extract', source, ...fields }, message);
    },
  };
}

/** null: the API does not tell how many records there are. */
function shareOf({ records, totalRecords }: FetchProgress): number | null {
  return totalRecords ? records / totalRecords : null;
}
