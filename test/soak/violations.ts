export interface Violation {
  check: string;
  expected: string;
  got: string;
}

/** What was found to be wrong, each once. */
export class Violations {
  readonly list: Violation[] = [];

  add(check: string, { expected, got }: { expected: string | number; got: string | number }): void {
    const violation = { check, expected: String(expected), got: String(got) };
    if (this.list.some((one) => JSON.stringify(one) === JSON.stringify(violation))) return;
    this.list.push(violation);
    process.stdout.write(`VIOLATION ${check}: expected ${expected}, got ${got}\n`);
  }

  /** Adds one when the two differ. */
  same(check: string, expected: string | number, got: string | number): void {
    if (expected !== got) this.add(check, { expected, got });
  }
}
