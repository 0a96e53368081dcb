import type { ErrorDetail } from '../errors.js';
import type { YamlPlace } from './read-yaml.js';
import { writePath } from './variables.js';

/** A fault by its path in the long form of the config. */
export interface Fault {
  path: (string | number)[];
  message: string;
  /** Where to point: at the value unless said otherwise; `missing` is a key that should be there. */
  at?: 'key' | 'value' | 'missing';
}

/**
 * Finds the place of each fault in the text. Parts of a path that a short form leaves out (`columns`, `type`) have no
 * place and are skipped; a key that is missing is shown in the path and placed at the map that lacks it.
 */
export function locateFaults(faults: Fault[], root: YamlPlace): ErrorDetail[] {
  return faults.map((fault) => {
    const shown: (string | number)[] = [];
    let place = root;
    for (const part of fault.path) {
      const inner = place.inside.get(part);
      if (!inner) continue;
      shown.push(part);
      place = inner;
    }
    if (fault.at === 'missing') shown.push(fault.path.at(-1)!);
    const position = fault.at === 'key' || fault.at === 'missing' ? place.key : place.value;
    return { path: writePath(shown), ...position, message: fault.message };
  });
}
