import type { DataSource } from 'typeorm';
import { TerminalError } from '../errors.js';

/** The statements that lead from the tables to the entities, and back. */
export interface Difference {
  up: string[];
  down: string[];
}

/** What the entities of a migrated DataSource have and its tables do not; empty lists when they agree. */
export async function describeDifference(dataSource: DataSource): Promise<Difference> {
  const { upQueries, downQueries } = await dataSource.driver.createSchemaBuilder().log();
  return { up: upQueries.map(({ query }) => query), down: downQueries.map(({ query }) => query).reverse() };
}

/**
 * The file of a migration.
 *
 * @param name kebab-case, e.g. `add-owner`
 * @param timestamp milliseconds; orders the migrations
 */
export function writeMigration(
  name: string | undefined,
  timestamp: number,
  difference: Difference,
): { file: string; text: string } {
  if (!name || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new TerminalError(
      'INVALID_NAME',
      `expected a kebab-case name such as add-owner, got "${name ?? ''}"`,
    );
  }
  const className =
    name.replace(/(?:^|-)([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase()) + timestamp;
  const text = `import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ${className} implements MigrationInterface {
  name = '${className}';

  async up(runner: QueryRunner): Promise<void> {
${writeQueries(difference.up)}
  }

  async down(runner: QueryRunner): Promise<void> {
${writeQueries(difference.down)}
  }
}
`;
  return { file: `src/database/migrations/${timestamp}-${name}.ts`, text };
}

function writeQueries(queries: string[]): string {
  return queries.map((query) => `    await runner.query(\`${escapeTemplate(query)}\`);`).join('\n');
}

function escapeTemplate(text: string): string {
  return text.replace(/[\\`]|\$\{/g, String.raw`\$&`);
}
