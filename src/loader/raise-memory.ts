import type { Session } from './session.js';

/** Some millions of rows are joined and sorted in memory; a server that is set to more keeps it. */
export async function raiseMemory(session: Session): Promise<void> {
  await session.query(
    `SELECT set_config('work_mem', greatest(setting::bigint, 65536) || 'kB', true)
       FROM pg_settings WHERE name = 'work_mem'`,
  );
}
