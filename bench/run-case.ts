import { type Case, CaseSkipped, type Contender, type Sample, type World } from './case.js';
import { median } from './statistics.js';

/** The figures of one contender of a case. */
export interface Timing {
  name: string;
  ms: number[];
  medianMs: number;
  rowBytes: number | null;
  /** Medians of the sample's own figures. */
  more: Record<string, number>;
}

export interface CaseResult {
  case: string;
  about: string;
  /** Why there are no figures; null: there are. */
  skipped: string | null;
  target: Case['target'] | null;
  limits: Record<string, number>;
  /** Multiples of raw COPY, and of what the target is about. */
  ratio: number | null;
  targetRatio: number | null;
  peakRssMb: number | null;
  job: Timing | null;
  copy: Timing | null;
  others: Timing[];
}

/** Times a case: the job and what it is compared with in turns, each turn in another order. */
export async function runCase(one: Case, world: World, log: (line: string) => void): Promise<CaseResult> {
  const { name, about, target = null, limits = {} } = one;
  const plain = { case: name, about, target, limits };
  try {
    const { copy, job, others = [] } = await one.open(world);
    await world.inputs.settle();
    await world.service.forgetPeak();
    const times = Math.min(world.options.times, one.atMostTimes ?? Number.POSITIVE_INFINITY);
    const [copied, worked, ...rest] = await takeTurns([copy, job, ...others], times, log);
    const peak = await world.service.peak();
    const against = target?.to === 'clean' ? rest.find((timing) => timing.name === 'clean')! : copied!;
    return {
      ...plain,
      skipped: null,
      ratio: worked!.medianMs / copied!.medianMs,
      targetRatio: worked!.medianMs / against.medianMs,
      peakRssMb: Number.isNaN(peak) ? null : peak,
      job: worked!,
      copy: copied!,
      others: rest,
    };
  } catch (error) {
    if (!(error instanceof CaseSkipped)) throw error;
    const nothing = { ratio: null, targetRatio: null, peakRssMb: null, job: null, copy: null, others: [] };
    return { ...plain, skipped: error.message, ...nothing };
  }
}

/** The timings in the order of the contenders. */
export async function takeTurns(
  contenders: Contender[],
  times: number,
  log: (line: string) => void,
): Promise<Timing[]> {
  const samples = new Map<Contender, Sample[]>(contenders.map((contender) => [contender, []]));
  for (let turn = 0; turn < times; turn++) {
    const order = turn % 2 === 0 ? contenders : contenders.toReversed();
    for (const contender of order) samples.get(contender)!.push(await timeOnce(contender));
    const last = contenders.map(
      (contender) => `${contender.name} ${Math.round(samples.get(contender)!.at(-1)!.ms)} ms`,
    );
    log(`  ${turn + 1}/${times}: ${last.join(', ')}`);
  }
  return contenders.map((contender) => summarise(contender.name, samples.get(contender)!));
}

async function timeOnce(contender: Contender): Promise<Sample> {
  const time = await contender.prepare();
  try {
    return await time();
  } finally {
    await contender.after?.();
  }
}

function summarise(name: string, samples: Sample[]): Timing {
  const ms = samples.map((sample) => sample.ms);
  const bytes = samples.flatMap((sample) => (sample.rowBytes === undefined ? [] : [sample.rowBytes]));
  const keys = Object.keys(samples[0]?.more ?? {});
  return {
    name,
    ms,
    medianMs: median(ms),
    rowBytes: bytes.length ? median(bytes) : null,
    more: Object.fromEntries(
      keys.map((key) => [key, median(samples.map(({ more }) => more?.[key] ?? Number.NaN))]),
    ),
  };
}
