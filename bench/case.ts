import type { BenchDatabase } from './bench-database.js';
import type { Inputs } from './inputs/inputs.js';
import type { Options } from './options.js';
import type { ServiceUnderTest } from './service-under-test.js';

/** What all cases work with. The service is a fresh process for each case. */
export interface World {
  options: Options;
  inputs: Inputs;
  database: BenchDatabase;
  service: ServiceUnderTest;
}

/** What one timing told. */
export interface Sample {
  ms: number;
  /** Bytes of row data that travelled to the database. */
  rowBytes?: number;
  /** Figures of its own, e.g. a percentile. */
  more?: Record<string, number>;
}

/** Something that is timed, in turns with the others of its case. */
export interface Contender {
  name: string;
  /** Makes ready what is not to be timed, and gives what is. */
  prepare(): Promise<() => Promise<Sample>>;
  /** Cleans up what the timing left, untimed. */
  after?(): Promise<void>;
}

/** The contenders of a case: the job itself, and what it is compared with. */
export interface Contest {
  job: Contender;
  /** Raw COPY of the same rows. */
  copy: Contender;
  others?: Contender[];
}

export interface Case {
  name: string;
  about: string;
  /** The most that the job may take, as a multiple of what `to` takes. */
  target?: { ratio: number; to: 'copy' | 'clean' };
  /** Limits for the sample's own figures, and `rss` in MiB. */
  limits?: Record<string, number>;
  /** Runs only when it is asked for by name. */
  onDemand?: boolean;
  /** Fewer timings than the options say, for those that take minutes. */
  atMostTimes?: number;
  /** Sets the stage, untimed. Throws `CaseSkipped` when the case cannot run. */
  open(world: World): Promise<Contest>;
}

/** Why a case says nothing this time. */
export class CaseSkipped extends Error {}
