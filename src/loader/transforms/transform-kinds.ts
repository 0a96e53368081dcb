import { statement } from './statement.js';
import { table } from './table.js';
import type { TransformKind, TransformKindName } from './transform.js';
import { view } from './view.js';

export const transformKinds: Record<TransformKindName, TransformKind> = { view, table, statement };
