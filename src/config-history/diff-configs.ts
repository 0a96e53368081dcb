import { createTwoFilesPatch } from 'diff';
import { maskYaml } from './mask-secrets.js';
import { writePath } from './variables.js';

/** A value that is not the same in two versions; absent where one of them does not have it. */
export interface ChangedPath {
  path: string;
  from?: unknown;
  to?: unknown;
}

export interface ConfigDiff {
  /** A unified diff of the texts; empty when they are equal. */
  text: string;
  changes: ChangedPath[];
}

interface NamedText {
  name: string;
  text: string;
}

/** Compares two YAML texts, as texts and value by value. Literal secrets are masked in both. */
export function diffConfigs(from: NamedText, to: NamedText): ConfigDiff {
  const [before, after] = [maskYaml(from.text), maskYaml(to.text)];
  const patch = createTwoFilesPatch(from.name, to.name, before.text, after.text, undefined, undefined, {
    context: 3,
  });
  return {
    text: before.text === after.text ? '' : patch.replace(/^=+\n/, ''),
    changes: compareValues(before.value, after.value, []),
  };
}

function compareValues(from: unknown, to: unknown, path: (string | number)[]): ChangedPath[] {
  if (Object.is(from, to)) return [];
  if (!isNested(from) || !isNested(to) || Array.isArray(from) !== Array.isArray(to)) {
    return [{ path: writePath(path), ...(from !== undefined && { from }), ...(to !== undefined && { to }) }];
  }
  const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
  return [...keys].flatMap((key) => {
    const part = Array.isArray(from) ? Number(key) : key;
    return compareValues(valueAt(from, key), valueAt(to, key), [...path, part]);
  });
}

function isNested(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function valueAt(owner: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(owner, key) ? owner[key] : undefined;
}
