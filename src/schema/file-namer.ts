import { parseColumnType } from './column-types.js';
import { refuseMissing } from './missing-columns.js';
import { nameColumns } from './name-columns.js';
import type { FileColumns } from './plan-columns.js';
import type { LandedText, StageRequest } from './stage-request.js';

/** Names the columns of a request's files. */
export class FileNamer {
  private readonly known = new Map<string, string[]>();

  constructor(private readonly request: StageRequest) {}

  /** @throws TerminalError for a file whose names can be no columns, or that lacks some */
  columnsOf(index: number, { columns, name, types }: LandedText): FileColumns {
    const sources = columns ?? [];
    const stated = sources.map((_, n) => (types?.[n] ? parseColumnType(types[n]) : null));
    return { file: index, sources, names: this.name(sources, name), types: stated };
  }

  /** As `columnsOf`. Most files of a stream have the same columns; only what throws is about one of them. */
  name(sources: string[], file: string): string[] {
    const key = JSON.stringify(sources);
    const names = this.known.get(key) ?? this.nameAnew(sources, file);
    this.known.set(key, names);
    return names;
  }

  private nameAnew(sources: string[], file: string): string[] {
    const declared = this.request.columns.map((column) => column.name);
    const { naming, rename } = this.request;
    const names = nameColumns(sources, { naming, declared, rename }, file);
    refuseMissing(names, this.request, file);
    return names;
  }
}
