import { describe, expect, it } from '@jest/globals';
import type { StreamConfig } from '../config-history/pipeline-config.js';
import { replayContract } from './replay-contract.js';

type Given = Pick<StreamConfig, 'contract' | 'columns'>;

const column = (contract?: Given['columns'][number]['contract']) => ({
  name: 'n',
  type: 'bigint',
  required: false,
  formats: [],
  ...(contract && { contract }),
});

describe('the contract of a replay', () => {
  it('fails for nothing that was rejected already, and is the same in all else', () => {
    const contract: Given['contract'] = {
      newColumns: 'reject',
      missingColumns: 'ignore',
      typeChange: 'fail',
      invalidRows: 'fail',
      maxRejects: { count: 1 },
    };
    const columns = [column(), column({ invalidRows: 'fail', typeChange: 'fail' })];
    expect(replayContract({ contract, columns })).toEqual({
      contract: { ...contract, typeChange: 'reject', invalidRows: 'reject', maxRejects: null },
      columns: [column(), column({ invalidRows: 'reject', typeChange: 'fail' })],
    });
  });

  it.each(['widen', 'null', undefined] as const)('keeps type_change: %s', (typeChange) => {
    const contract: Given['contract'] = {
      newColumns: 'evolve',
      ...(typeChange && { typeChange }),
      invalidRows: 'null',
      maxRejects: null,
    };
    expect(replayContract({ contract, columns: [] })).toEqual({ contract, columns: [] });
  });
});
