import { cpus, totalmem } from 'node:os';
import type { CaseResult, Timing } from './run-case.js';

/** What the figures were taken on. */
export interface Conditions {
  date: string;
  command: string;
  machine: string;
  node: string;
  postgres: string;
  rows: number;
  times: number;
}

export interface Report extends Conditions {
  cases: CaseResult[];
  /** Other tools with the orders file, and why some said nothing. */
  peers: {
    name: string;
    skipped: string | null;
    ratio: number | null;
    timing: Timing | null;
    copy: Timing | null;
  }[];
}

export function describeMachine(): string {
  const [cpu] = cpus();
  return `${cpus().length} × ${cpu?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}`;
}

/** The report as Markdown. */
export function toMarkdown(report: Report): string {
  const { date, machine, node, postgres, command, rows, times } = report;
  const head = [
    `${date}, ${machine}, Node ${node}, PostgreSQL ${postgres} (embedded)`,
    '',
    `\`${command}\`: ${rows.toLocaleString('en')} rows, each ${times} times in turns, medians`,
  ];
  const peers = report.peers.length ? ['', '### Other tools, the same file', '', ...peerTable(report)] : [];
  return [...head, '', ...caseTable(report.cases), ...peers, ''].join('\n');
}

function caseTable(cases: CaseResult[]): string[] {
  const rows = cases.map((one) => [
    one.case,
    one.about,
    ...(one.skipped === null ? figures(one) : ['', '', `skipped: ${one.skipped}`, '', '', '']),
  ]);
  return table(
    ['case', 'what', 'job ms', 'COPY ms', 'job / COPY', 'target', 'peak RSS MiB', 'rows sent MB'],
    rows,
  );
}

function figures(one: CaseResult): string[] {
  const { job, copy, ratio, peakRssMb } = one;
  const more = Object.entries(job?.more ?? {}).map(([key, value]) => `${key} ${Math.round(value)} ms`);
  return [
    [whole(job?.medianMs), ...more].join(', '),
    whole(copy?.medianMs),
    (ratio ?? Number.NaN).toFixed(2),
    targets(one),
    whole(peakRssMb),
    job?.rowBytes === null || job?.rowBytes === undefined ? '' : (job.rowBytes / 1e6).toFixed(1),
  ];
}

function targets({ target, targetRatio, limits, job, peakRssMb }: CaseResult): string {
  const ratios = target
    ? [
        verdict(
          `≤ ${target.ratio}${target.to === 'clean' ? ` × clean (${targetRatio?.toFixed(2)})` : ''}`,
          target.ratio,
          targetRatio,
        ),
      ]
    : [];
  const others = Object.entries(limits).map(([key, limit]) =>
    verdict(`${key} ≤ ${limit}`, limit, key === 'rss' ? peakRssMb : job?.more[key]),
  );
  return [...ratios, ...others].join(', ');
}

function verdict(text: string, limit: number, got: number | null | undefined): string {
  return `${text} ${got !== null && got !== undefined && got <= limit ? 'met' : '**missed**'}`;
}

function peerTable({ peers }: Report): string[] {
  const rows = peers.map(({ name, skipped, ratio, timing, copy }) =>
    skipped === null
      ? [name, whole(timing?.medianMs), whole(copy?.medianMs), (ratio ?? Number.NaN).toFixed(2)]
      : [name, `skipped: ${skipped}`, '', ''],
  );
  return table(['tool', 'ms', 'COPY ms', 'tool / COPY'], rows);
}

function table(head: string[], rows: string[][]): string[] {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

const whole = (number: number | null | undefined) =>
  number === null || number === undefined ? '' : String(Math.round(number));
