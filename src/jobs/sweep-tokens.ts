import type { EntityManager } from 'typeorm';

/** Forgets refresh tokens that were kept long ago for what no newest config asks with any more. @param live see `digestOwner` */
export async function sweepTokens(
  manager: EntityManager,
  { live, before }: { live: string[]; before: Date },
): Promise<number> {
  const [, count]: [unknown, number] = await manager.query(
    'DELETE FROM millrace.api_tokens WHERE changed_at < $1 AND NOT owner = ANY ($2)',
    [before, live],
  );
  return count;
}
