import { Injectable } from '@nestjs/common';
import type { ApiSourceConfig } from '../../config-history/api-source-config.js';
import type { ApiSession, SessionOptions } from './api-session.js';

/** Opens sessions; those of one process that prove themselves alike share their tokens. */
@Injectable()
export class ApiSessions {
  /** @param source with every variable resolved */
  open(source: ApiSourceConfig, _options: SessionOptions): ApiSession {
    throw new Error(`expected a session of ${source.type}, got none yet`);
  }
}
