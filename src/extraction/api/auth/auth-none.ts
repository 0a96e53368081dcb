import type { Authenticator } from './authenticator.js';

export function createNoAuth(): Authenticator {
  return { sign: async (request) => request, renew: async () => false };
}
