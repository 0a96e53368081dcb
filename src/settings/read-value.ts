export type Environment = Record<string, string | undefined>;

/** Reads settings from an environment and gathers every fault, so that one start shows them all. */
export class SettingsReader {
  readonly faults: string[] = [];

  constructor(readonly environment: Environment) {}

  /** The value without surrounding blanks; undefined when it is not set or empty. */
  text(name: string): string | undefined {
    return this.environment[name]?.trim() || undefined;
  }

  /** Adds a fault in the form: what was expected, what was got. Secrets must not be given as `got`. */
  refuse(name: string, expected: string, got?: string): void {
    this.faults.push(`${name}: expected ${expected}${got === undefined ? '' : `, got "${got}"`}`);
  }

  integer(name: string, { min, max, fallback }: { min: number; max: number; fallback: number }): number {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    this.refuse(name, `a whole number from ${min} to ${max}`, text);
    return fallback;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const found = allowed.find((value) => value === text.toLowerCase());
    if (!found) this.refuse(name, `one of ${allowed.join(', ')}`, text);
    return found ?? fallback;
  }

  /** Comma-separated values without empty ones. */
  list(name: string, fallback: string[]): string[] {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const values = text.split(',').map((value) => value.trim());
    if (!values.includes('')) return values;
    this.refuse(name, 'values separated by commas, none of them empty', text);
    return fallback;
  }
}
