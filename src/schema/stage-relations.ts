import { readPath } from './engine.js';
import type { StageManifest } from './stage-manifest.js';
import type { PlacedRows } from './stage.js';
import type { StagedRows } from './staged-rows.js';

/** The rows of a stage in SQL for the engine, each a relation in parentheses. */
export class StageRelations {
  constructor(
    private readonly table: string,
    private readonly staged: StagedRows,
    private readonly manifest: Pick<StageManifest, 'columns' | 'rows' | 'identities' | 'isReordered'>,
  ) {}

  /** The column of the stage's own that holds a column of the table. */
  indexedName(name: string): string {
    return `c${this.indexOf(name)}`;
  }

  private indexOf(name: string): number {
    const index = this.manifest.columns.findIndex((column) => column.name === name);
    if (index === -1) throw new Error(`expected a column of the stage of ${this.table}, got ${name}`);
    return index;
  }

  /** The rows that passed. @param names of columns that are looked at beside the lines of CSV */
  good(names: string[] = []): string {
    const number = this.manifest.isReordered ? '' : ', file_row_number AS "#row"';
    const rows = this.staged.withColumns(names.map((name) => this.indexOf(name)));
    return `(SELECT *${number} FROM ${rows} WHERE "#error" IS NULL)`;
  }

  /** The first row of each identity, of those listed in `unseen` where it is given. */
  first(unseen: string | null): string {
    const isListed = unseen === null ? '' : ` WHERE "#hash" IN (SELECT h FROM ${identityList(unseen)})`;
    const rows = `(SELECT * FROM ${this.good()}${isListed})`;
    if (this.manifest.identities === this.manifest.rows) return rows;
    const firsts = `SELECT min("#row") FROM ${rows} GROUP BY "#hash"`;
    return `(SELECT * FROM ${rows} WHERE "#row" IN (${firsts}))`;
  }

  /** Those that a load reads with their places. */
  placed(which: PlacedRows): string {
    if (which === 'all' || which === 'unidentified') return this.good();
    if ('unseen' in which) return this.first(which.unseen);
    return `(SELECT * FROM ${this.good()} WHERE list_contains([${which.files.join(', ')}]::INTEGER[], "#file"))`;
  }
}

/** The identities in a file, as `h`. */
function identityList(file: string): string {
  return `read_csv(${readPath(file)}, auto_detect = false, header = false, columns = {'h': 'UUID'})`;
}
