/** The constraints that a stream's config declares for its table. */
export interface DeclaredConstraints {
  unique: string[][];
  foreignKeys: DeclaredForeignKey[];
  checks: { expression: string; column: string | null }[];
}

export interface DeclaredForeignKey {
  columns: string[];
  references: {
    /** Absent: that of the table. */
    schema?: string;
    table: string;
    columns: string[];
    /** A stream loads that table: when it is missing it is still to come. */
    isStream: boolean;
  };
  onDelete: 'no action' | 'restrict' | 'cascade' | 'set null';
}

/** A constraint that the table lacks. */
export interface MissingConstraint {
  /** Follows ALTER TABLE … ADD. */
  definition: string;
  /** SQL that counts the rows of the table that break it. */
  countBroken: string;
}

/** Whether two lists have the same columns, in whatever order. */
export function areSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name));
}
