import type { CommandOrigin } from './commands.ts';

/** Who records what the platform itself finds out, once for its key. */
export const byThePlatform = (idempotencyKey: string): CommandOrigin => ({
  principal: { id: 'platform', name: 'the platform', roles: ['admin'] },
  idempotencyKey,
});
