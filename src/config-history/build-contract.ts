import type { ColumnContract, StreamContract } from './pipeline-config.js';
import { parseShare } from './shape/quantities.js';
import type { ColumnContractShape, ContractShape } from './shape/contract-shape.js';

/** Keys that are not there stay so: a config that says no more than before must not look like another one. */
export function buildContract(contract: ContractShape = {}): StreamContract {
  const { missing_columns: missingColumns } = contract;
  return {
    newColumns: contract.new_columns ?? 'evolve',
    ...onlyGiven({ missingColumns, typeChange: readMode(contract.type_change) }),
    invalidRows: readMode(contract.invalid_rows) ?? 'reject',
    maxRejects: buildMaxRejects(contract.max_rejects),
  };
}

/** undefined where the column says nothing for itself. */
export function buildColumnContract(contract: ColumnContractShape = {}): ColumnContract | undefined {
  const { missing_columns: missingColumns, type_change: typeChange } = contract;
  const given = onlyGiven({ missingColumns, typeChange, invalidRows: readMode(contract.invalid_rows) });
  return Object.keys(given).length > 0 ? given : undefined;
}

/** YAML's null is the mode of that name. */
function readMode<T extends string>(value: T | null | undefined): T | 'null' | undefined {
  return value === null ? 'null' : value;
}

function onlyGiven<T extends object>(all: T): Partial<T> {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function buildMaxRejects(bound: number | string | undefined): StreamContract['maxRejects'] {
  if (bound === undefined) return null;
  return typeof bound === 'number' ? { count: bound } : { share: parseShare(bound) };
}
