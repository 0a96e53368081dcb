import type { Stage } from '../schema/stage.js';

/** Closes the stages of loads, whatever has become of these. */
export async function closeStages(loads: readonly { stage: Stage }[]): Promise<void> {
  await Promise.all(loads.map(({ stage }) => stage.close()));
}
