import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { TerminalError } from '../errors.js';
import { IdempotencyKey } from './idempotency-key.entity.js';
import { Run } from './run.entity.js';

/** An Idempotency-Key, and a digest of the request that it came with. */
export type SentKey = Pick<IdempotencyKey, 'key' | 'requestDigest'>;

/** Knows the requests that came with an Idempotency-Key, and the runs that they made. */
@Injectable()
export class SentKeys {
  constructor(@InjectRepository(IdempotencyKey) private readonly keys: Repository<IdempotencyKey>) {}

  /**
   * The run that an earlier request with the key has made or joined; null when there was none.
   * @throws TerminalError `IDEMPOTENCY_CONFLICT` when that request was a different one
   */
  async earlier(sent: SentKey | null, manager: EntityManager = this.keys.manager): Promise<Run | null> {
    const known = sent && (await manager.findOneBy(IdempotencyKey, { key: sent.key }));
    if (!known) return null;
    if (known.requestDigest === sent.requestDigest) return manager.findOneByOrFail(Run, { id: known.runId });
    throw conflict();
  }

  /**
   * Inside the caller's transaction, which undoes the run when the key has come with another request meanwhile.
   * @throws TerminalError `IDEMPOTENCY_CONFLICT` for that
   */
  async remember(sent: SentKey | null, run: Run, manager: EntityManager): Promise<void> {
    if (!sent) return;
    const row = { ...sent, runId: run.id };
    await manager.createQueryBuilder().insert().into(IdempotencyKey).values(row).orIgnore().execute();
    if (!(await manager.existsBy(IdempotencyKey, row))) throw conflict();
  }
}

function conflict(): TerminalError {
  const message = `Idempotency-Key: expected the request that it was first sent with, got a different one`;
  return new TerminalError('IDEMPOTENCY_CONFLICT', message);
}

/**
 * @param parts of the request, all that matters of it
 * @throws TerminalError `INVALID_REQUEST` for what can be no key
 */
export function sentKey(key: string | undefined, parts: unknown[]): SentKey | null {
  if (key === undefined) return null;
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    const message = 'Idempotency-Key: expected 1 to 255 visible ASCII characters, got something else';
    throw new TerminalError('INVALID_REQUEST', message, [{ path: 'Idempotency-Key', message }]);
  }
  return { key, requestDigest: createHash('sha256').update(JSON.stringify(parts)).digest('hex') };
}
