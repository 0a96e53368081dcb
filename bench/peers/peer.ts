import type { BenchConnection } from '../bench-database.js';
import type { TableInput } from '../inputs/table-input.js';

export interface PeerJob {
  input: TableInput;
  connection: BenchConnection;
  /** Empty folder for what the tool writes. */
  folder: string;
  python: string;
  /** Table to load; the bench has made it where `needsTable` says so. */
  table: string;
}

/** Another tool that brings a CSV file into PostgreSQL. */
export interface Peer {
  name: string;
  about: string;
  /** A bare typed table is made for it, untimed. */
  needsTable: boolean;
  /** Command that succeeds where the tool is installed. */
  probe(python: string): string[];
  /** Command that loads the file. */
  command(job: PeerJob): Promise<string[]>;
  /** Table that holds the rows afterwards; default: the one of the job. */
  result?: (table: string) => string;
}
