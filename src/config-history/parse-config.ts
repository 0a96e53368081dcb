import type { ErrorDetail } from '../errors.js';
import { buildConfig } from './build-config.js';
import { checkForgottenModes } from './check-contract.js';
import { checkShape } from './check-shape.js';
import { checkStreams } from './check-streams.js';
import { checkTarget } from './check-target.js';
import { type Fault, locateFaults } from './fault.js';
import { InvalidConfig } from './invalid-config.js';
import type { PipelineConfig } from './pipeline-config.js';
import { readYaml } from './read-yaml.js';
import { isPlainMap } from './shape/key.js';
import { describeValue } from './shape/rules.js';
import { findVariables, refuseVariable } from './variables.js';

/** More faults than a person reads; the rest is counted. */
const MAX_FAULTS = 500;

export interface ParseOptions {
  /** Whether a config may name `${name}`; the service's own variables are refused whatever it says. */
  isVariableAllowed(name: string): boolean;
}

/**
 * Reads a pipeline's YAML and checks all of it; answers with every default filled in and variables left as written.
 * @throws InvalidConfig with all faults at once, each with its path, line and column
 */
export function parseConfig(text: string, options: ParseOptions): PipelineConfig {
  const { value, place, faults: yamlFaults, isBroken } = readYaml(text);
  if (isBroken || yamlFaults.length > MAX_FAULTS || !isPlainMap(value)) {
    throw new InvalidConfig(yamlFaults.length > 0 ? sortFaults(yamlFaults) : [notAMap(value)]);
  }
  const { shape, faults: shapeFaults } = checkShape(value);
  const faults = [
    ...shapeFaults,
    ...checkTarget(shape),
    ...checkStreams(shape),
    ...checkForgottenModes(value, place),
    ...checkVariables(value, options),
  ];
  const all = [...yamlFaults, ...locateFaults(faults, place)];
  if (all.length > 0) throw new InvalidConfig(sortFaults(all));
  return buildConfig(shape);
}

function checkVariables(value: unknown, { isVariableAllowed }: ParseOptions): Fault[] {
  return findVariables(value).flatMap(({ path, name }) => {
    const message = refuseVariable(name, isVariableAllowed);
    return message ? [{ path, message }] : [];
  });
}

function notAMap(value: unknown): ErrorDetail {
  const got = typeof value === 'string' ? 'a text' : describeValue(value);
  return { path: '', line: 1, column: 1, message: `expected a map with sources or streams, got ${got}` };
}

function sortFaults(faults: ErrorDetail[]): ErrorDetail[] {
  const sorted = faults.toSorted(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
  if (sorted.length <= MAX_FAULTS) return sorted;
  const rest = sorted.length - MAX_FAULTS;
  return [...sorted.slice(0, MAX_FAULTS), { path: '', message: `and ${rest} more faults, not shown` }];
}
