import { compileGlob, type GlobStep } from './compile-glob.js';

/** Whether the text means more than itself. */
export function isGlob(text: string): boolean {
  return compileGlob(text).some((step) => step.kind !== 'character');
}

/**
 * A test for names: `*`, `?`, `[a-z]`, `[!a]`, `{a,b}`, and `**` for any folders; `\` takes the next character as it is.
 * Takes time by the length of the glob times that of the name, whatever they hold.
 */
export function globMatcher(glob: string): (name: string) => boolean {
  const ending = endingOf(glob);
  if (ending !== null) return (name) => name.endsWith(ending) && !name.slice(0, -ending.length).includes('/');
  const steps = compileGlob(glob);
  return (name) => {
    let states = reach(steps, [0]);
    for (const character of name) {
      if (states.length === 0) return false;
      const next = states.filter((state) => takes(steps[state], character)).map((state) => state + 1);
      states = reach(steps, next);
    }
    return states.includes(steps.length);
  };
}

/** What names have to end with, where the glob is as plain as `*.csv`; null for any other. */
function endingOf(glob: string): string | null {
  return /^\*([^*?[\]{}\\/]+)$/.exec(glob)?.[1] ?? null;
}

/** The steps that wait for a character, or the end, once every fork on the way is followed. */
function reach(steps: GlobStep[], from: number[]): number[] {
  const seen = new Set(from);
  // A set also goes through what is added to it meanwhile.
  for (const state of seen) {
    const step = steps[state];
    if (step?.kind === 'fork') for (const target of step.targets) seen.add(target);
  }
  return [...seen].filter((state) => steps[state]?.kind !== 'fork');
}

function takes(step: GlobStep | undefined, character: string): boolean {
  if (step === undefined || step.kind === 'fork') return false;
  if (step.kind === 'character') return step.character === character;
  if (step.kind === 'any') return step.crosses || character !== '/';
  const isMember = step.ranges.some(([from, to]) => from <= character && character <= to);
  return character !== '/' && isMember !== step.isNegated;
}
