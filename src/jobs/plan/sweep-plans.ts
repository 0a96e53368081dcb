import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type EntityManager, In, LessThan, MoreThan } from 'typeorm';
import { isUuid } from '../page.js';
import { plansFolder } from './plan-folder.js';
import { Plan } from './plan.entity.js';
import { LOST_MS } from './plan-times.js';

/** Forgets plans that are too old to be triggered, and what processes that died have left of theirs on disk. */
export async function sweepPlans(manager: EntityManager, home: string): Promise<{ plans: number }> {
  await sweepPlanFolders(manager, home);
  const { affected } = await manager.delete(Plan, { expiresAt: LessThan(new Date()) });
  return { plans: affected ?? 0 };
}

/** Folders of plans that nobody works on. */
export async function sweepPlanFolders(manager: EntityManager, home: string): Promise<void> {
  const folder = plansFolder(home);
  const ids = (await readdir(folder).catch(() => [])).filter(isUuid);
  if (ids.length === 0) return;
  const alive = { state: 'running' as const, seenAt: MoreThan(new Date(Date.now() - LOST_MS)) };
  const atWork = await manager.find(Plan, { select: { id: true }, where: { id: In(ids), ...alive } });
  const kept = new Set(atWork.map(({ id }) => id));
  for (const id of ids) if (!kept.has(id)) await rm(join(folder, id), { recursive: true, force: true });
}
