export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Family {
  type: string;
  help: string;
  samples: Sample[];
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/.source;
const LABEL = /[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"/.source;
const HELP = new RegExp(`^# HELP (${NAME}) ((?:[^\\\\\\n]|\\\\[\\\\n])*)$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary|untyped)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{((?:${LABEL})(?:,${LABEL})*)\\})? (\\S+)$`);
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|[+-]Inf|NaN)$/i;

/**
 * Reads Prometheus' text format, version 0.0.4, and throws at the first line that breaks it: families in one piece, each
 * with its help and type first, no sample twice.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function parseMetrics(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('expected a newline at the end');
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let current = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const help = HELP.exec(line);
    const type = TYPE.exec(line);
    const sample = SAMPLE.exec(line);
    if (line === '') continue;
    if (help) {
      current = help[1]!;
      if (families.has(current)) throw new Error(`expected one family ${current}, got two`);
      families.set(current, { type: '', help: help[2]!, samples: [] });
    } else if (type) {
      if (type[1] !== current) throw new Error(`expected the type of ${current}, got ${line}`);
      families.get(current)!.type = type[2]!;
    } else if (sample) {
      addSample(families.get(current), current, readSample(sample, line));
      const key = line.slice(0, line.lastIndexOf(' '));
      if (seen.has(key)) throw new Error(`expected one sample ${key}, got two`);
      seen.add(key);
    } else throw new Error(`expected a line of the format, got ${line}`);
  }
  return families;
}

function addSample(family: Family | undefined, name: string, sample: Sample): void {
  const suffixes: Record<string, string[]> = {
    histogram: ['_bucket', '_sum', '_count'],
    summary: ['', '_sum', '_count'],
  };
  const names = (suffixes[family?.type ?? ''] ?? ['']).map((suffix) => name + suffix);
  if (!family?.type || !names.includes(sample.name)) {
    throw new Error(`expected ${names.join(' or ')} under ${name}, got ${sample.name}`);
  }
  family.samples.push(sample);
}

function readSample([, name = '', labels = '', value = '']: RegExpExecArray, line: string): Sample {
  if (!NUMBER.test(value)) throw new Error(`expected a number, got ${line}`);
  const pairs = labels.match(new RegExp(LABEL, 'g')) ?? [];
  const read = pairs.map((pair) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), unescape(pair.slice(at + 2, -1))] as const;
  });
  if (new Set(read.map(([label]) => label)).size !== read.length) throw new Error(`a label twice: ${line}`);
  return { name, labels: Object.fromEntries(read), value: Number(value.replace('Inf', 'Infinity')) };
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, (_all, character: string) => (character === 'n' ? '\n' : character));
}
