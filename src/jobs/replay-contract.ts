import type { StreamConfig } from '../config-history/pipeline-config.js';

/** How a stream takes its own rejects: what is rejected already is no reason to fail for. */
export function replayContract({
  contract,
  columns,
}: Pick<StreamConfig, 'contract' | 'columns'>): Pick<StreamConfig, 'contract' | 'columns'> {
  const { typeChange } = contract;
  return {
    contract: {
      ...contract,
      invalidRows: withoutFail(contract.invalidRows),
      ...(typeChange && { typeChange: withoutFail(typeChange) }),
      maxRejects: null,
    },
    columns: columns.map((column) => {
      const { invalidRows } = column.contract ?? {};
      if (!invalidRows) return column;
      return { ...column, contract: { ...column.contract, invalidRows: withoutFail(invalidRows) } };
    }),
  };
}

function withoutFail<Mode extends string>(mode: Mode): Exclude<Mode, 'fail'> | 'reject' {
  return mode === 'fail' ? 'reject' : (mode as Exclude<Mode, 'fail'>);
}
