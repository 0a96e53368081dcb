import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import { compilePath } from '../json-path.js';

type Fields = NonNullable<ApiSourceConfig['fields']>;

/** Picks the columns of a record. */
export type PickFields = (record: unknown) => unknown;

const compiled = new WeakMap<Fields, PickFields>();

/**
 * Makes records of the values at the paths of `fields`, under their names; what is not there is null, and a path that
 * finds several values makes an array of them. Without `fields` a record stays as it is, and so does what is no object.
 */
export function compileFields(fields: ApiSourceConfig['fields']): PickFields {
  if (fields === null) return (record) => record;
  const known = compiled.get(fields) ?? compile(fields);
  compiled.set(fields, known);
  return known;
}

function compile(fields: Fields): PickFields {
  const finders = fields.map(({ name, path }) => ({ name, find: compilePath(path) }));
  return (record) => {
    if (typeof record !== 'object' || record === null || Array.isArray(record)) return record;
    return Object.fromEntries(
      finders.map(({ name, find }) => {
        const values = find(record);
        return [name, values.length > 1 ? values : (values[0] ?? null)];
      }),
    );
  };
}
