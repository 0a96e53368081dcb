import type { EntityManager } from 'typeorm';

/** Pipelines that have ever run. */
export async function findPipelines(manager: EntityManager): Promise<string[]> {
  const rows: { pipeline: string }[] = await manager.query(
    'SELECT DISTINCT pipeline FROM millrace.runs ORDER BY pipeline',
  );
  return rows.map(({ pipeline }) => pipeline);
}

/** Runs that are not over, and those whose rejects are being taken up again. */
export async function findRunsInUse(manager: EntityManager): Promise<string[]> {
  const rows: { id: string }[] = await manager.query(
    `SELECT id FROM millrace.runs WHERE state IN ('queued', 'running')
     UNION SELECT (replay->>'runId')::uuid FROM millrace.runs
       WHERE state IN ('queued', 'running') AND replay IS NOT NULL`,
  );
  return rows.map(({ id }) => id);
}

/** What runs of a pipeline have written. */
export interface NamedOutputs {
  /** Names of the combined CSVs. */
  named: Set<string>;
  /** Whether the pipeline has ever run; else its files are those of another service database. */
  isKnown: boolean;
}

/** The combined CSVs that runs of a pipeline have written; null while one may be about to write another. */
export async function findOutputs(manager: EntityManager, pipeline: string): Promise<NamedOutputs | null> {
  const rows: { output: string | null; isOpen: boolean }[] = await manager.query(
    `SELECT DISTINCT stream->>'output' AS output, state IN ('queued', 'running') AS "isOpen"
       FROM millrace.runs LEFT JOIN jsonb_array_elements(streams) AS stream ON true WHERE pipeline = $1`,
    [pipeline],
  );
  if (rows.some(({ isOpen }) => isOpen)) return null;
  return { named: new Set(rows.flatMap(({ output }) => output ?? [])), isKnown: rows.length > 0 };
}
