import { append } from './append.js';
import { insert } from './insert.js';
import { replace } from './replace.js';
import { scd2 } from './scd2.js';
import { upsert } from './upsert.js';
import type { WriteMode } from './write-mode.js';
import type { WriteModeName } from './write-rule.js';

/** Every write mode. */
export const WRITE_MODES: Record<WriteModeName, WriteMode> = { append, insert, replace, upsert, scd2 };
