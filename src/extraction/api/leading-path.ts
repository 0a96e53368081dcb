const STEP = /\.?([A-Za-z_][\w-]*)|\[(?:'([^']*)'|"([^"]*)"|(-?\d+))\]/y;

/** The part of a JSONPath that leads to one place by names and indexes alone, before anything picks or spreads. */
export interface LeadingPath {
  /** A JSONPath too. */
  text: string;
  /** Up to the first index. */
  names: string[];
  /** What comes after it; empty: nothing does. */
  rest: string;
}

export function splitPath(path: string): LeadingPath {
  const names: string[] = [];
  let hasIndex = false;
  STEP.lastIndex = path.startsWith('$') ? 1 : 0;
  let end = STEP.lastIndex;
  for (let step = STEP.exec(path); step !== null; step = STEP.exec(path)) {
    const name = step[1] ?? step[2] ?? step[3];
    hasIndex ||= name === undefined;
    if (name !== undefined && !hasIndex) names.push(name);
    end = STEP.lastIndex;
  }
  return { text: path.slice(0, end) || '$', names, rest: path.slice(end) };
}
