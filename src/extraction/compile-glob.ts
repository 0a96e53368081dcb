/** One step of a glob's program; a number is the index of the step that follows. */
export type GlobStep =
  | { kind: 'character'; character: string }
  /** Any character; `/` only where `crosses` says so. */
  | { kind: 'any'; crosses: boolean }
  | { kind: 'class'; isNegated: boolean; ranges: [string, string][] }
  | { kind: 'fork'; targets: number[] };

/** Compiled by hand and run in step with the name: a regular expression could be made to backtrack for ever. */
export function compileGlob(glob: string): GlobStep[] {
  return new GlobCompiler([...glob]).compile();
}

interface OpenBraces {
  fork: number[];
  exits: number[][];
}

class GlobCompiler {
  private readonly steps: GlobStep[] = [];
  private readonly open: OpenBraces[] = [];
  /** Places of the `{`, `,` and `}` that mean alternatives. */
  private readonly braces: Set<number>;

  constructor(private readonly glob: string[]) {
    this.braces = findBraces(glob);
  }

  compile(): GlobStep[] {
    let at = 0;
    while (at < this.glob.length) at = this.compileAt(at);
    return this.steps;
  }

  /** The place after what was compiled. */
  private compileAt(at: number): number {
    const character = this.glob[at]!;
    if (this.braces.has(at)) return this.compileBrace(character, at);
    if (character === '*') return this.compileStars(at);
    if (character === '?') return this.push({ kind: 'any', crosses: false }, at + 1);
    const end = character === '[' ? classEnd(this.glob, at) : -1;
    if (end !== -1) return this.push(readClass(this.glob.slice(at + 1, end)), end + 1);
    const escapes = character === '\\' && at + 1 < this.glob.length;
    return this.push(
      { kind: 'character', character: escapes ? this.glob[at + 1]! : character },
      at + (escapes ? 2 : 1),
    );
  }

  private push(step: GlobStep, next: number): number {
    this.steps.push(step);
    return next;
  }

  private fork(...targets: number[]): number[] {
    this.steps.push({ kind: 'fork', targets });
    return targets;
  }

  private compileBrace(character: string, at: number): number {
    if (character === '{') {
      this.open.push({ fork: this.fork(this.steps.length + 1), exits: [] });
      return at + 1;
    }
    const group = this.open.at(-1)!;
    if (character === ',') {
      group.exits.push(this.fork());
      group.fork.push(this.steps.length);
      return at + 1;
    }
    for (const exit of group.exits) exit.push(this.steps.length);
    this.open.pop();
    return at + 1;
  }

  private compileStars(at: number): number {
    let end = at;
    while (this.glob[end] === '*') end += 1;
    const isWhole = end - at > 1 && this.isEdge(at - 1) && this.isEdge(end);
    if (!isWhole) {
      this.repeat(false);
      return end;
    }
    if (this.glob[end] !== '/') {
      this.repeat(true);
      return end;
    }
    const skip = this.fork(this.steps.length + 1);
    this.repeat(true);
    this.steps.push({ kind: 'character', character: '/' });
    skip.push(this.steps.length);
    return end + 1;
  }

  private repeat(crosses: boolean): void {
    const start = this.steps.length;
    this.fork(start + 1, start + 3);
    this.steps.push({ kind: 'any', crosses });
    this.fork(start);
  }

  private isEdge(at: number): boolean {
    return this.glob[at] === undefined || this.glob[at] === '/' || this.braces.has(at);
  }
}

/** Braces mean alternatives when they are closed and hold a comma. */
function findBraces(glob: string[]): Set<number> {
  const open: number[][] = [];
  const found = new Set<number>();
  for (let at = 0; at < glob.length; at += 1) {
    const character = glob[at];
    if (character === '\\') at += 1;
    else if (character === '[') at = Math.max(at, classEnd(glob, at));
    else if (character === '{') open.push([at]);
    else if (character === ',') open.at(-1)?.push(at);
    else if (character === '}') {
      const places = open.pop() ?? [];
      if (places.length > 1) for (const place of [...places, at]) found.add(place);
    }
  }
  return found;
}

/** Where the `[` at `at` is closed, or -1; a `]` that comes first stands for itself. */
function classEnd(glob: string[], at: number): number {
  const first = glob[at + 1] === '!' || glob[at + 1] === '^' ? at + 2 : at + 1;
  return glob.indexOf(']', first + 1);
}

function readClass(inside: string[]): GlobStep {
  const isNegated = inside[0] === '!' || inside[0] === '^';
  const members = isNegated ? inside.slice(1) : inside;
  const ranges: [string, string][] = [];
  for (let at = 0; at < members.length; at += 1) {
    const isRange = members[at + 1] === '-' && at + 2 < members.length;
    ranges.push([members[at]!, members[isRange ? at + 2 : at]!]);
    if (isRange) at += 2;
  }
  return { kind: 'class', isNegated, ranges };
}
