import { type ErrorDetail, TerminalError } from '../errors.js';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** `$${` stands for the text `${`; `${NAME}` is a variable; an open `${` matches with neither. */
const REFERENCE = /\$\$\{|\$\{([^}]*)(\})?/g;

/** A place in a config that names a variable. */
export interface VariableUse {
  path: (string | number)[];
  name: string;
}

/** Every `${NAME}` in the texts of a value, however deep, in order; also those whose name is not one. */
export function findVariables(value: unknown, path: (string | number)[] = []): VariableUse[] {
  if (typeof value === 'string') {
    return [...value.matchAll(REFERENCE)]
      .filter((match) => match[1] !== undefined)
      .map((match) => ({ path, name: match[2] ? match[1]! : '' }));
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => findVariables(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => findVariables(item, [...path, key]));
}

/** Says why a variable must not stand in a config, or undefined when it may. */
export function refuseVariable(name: string, isAllowed: (name: string) => boolean): string | undefined {
  if (!NAME.test(name))
    return 'expected a variable as ${NAME}, got something else; write $${ for the text ${ itself';
  if (isAllowed(name)) return undefined;
  return `expected a variable that configs may name, got \${${name}}; see the setting MILLRACE_CONFIG_VARS`;
}

/** Tells whether a text names at least one variable. */
export function hasVariable(text: string): boolean {
  return findVariables(text).length > 0;
}

/**
 * Replaces every `${NAME}` in the texts of a value, however deep, and returns a copy. Looked-up texts are taken as they
 * are and not searched again.
 * @throws TerminalError `VARIABLE_UNSET` that lists the variables `lookup` has no text for, never a value
 */
export function resolveVariables<T>(value: T, lookup: (name: string) => string | undefined): T {
  const missing: ErrorDetail[] = findVariables(value)
    .filter(({ name }) => lookup(name) === undefined)
    .map(({ path, name }) => ({
      path: writePath(path),
      message: `expected the variable ${name} to be set, got nothing`,
    }));
  if (missing[0])
    throw new TerminalError('VARIABLE_UNSET', `${missing[0].path}: ${missing[0].message}`, missing);
  return replaceDeep(value, lookup) as T;
}

function replaceDeep(value: unknown, lookup: (name: string) => string | undefined): unknown {
  if (typeof value === 'string') {
    return value.replace(REFERENCE, (_, name?: string) => (name === undefined ? '${' : (lookup(name) ?? '')));
  }
  if (Array.isArray(value)) return value.map((item) => replaceDeep(item, lookup));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceDeep(item, lookup)]));
}

/** Writes a path as people do: `streams[0].schema.columns.amount`. */
export function writePath(path: readonly (string | number)[]): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
}
