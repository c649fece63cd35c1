import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROLES } from '../../../core/ports/identity.ts';
import { openTemporary, temporaryDirectory } from './temporary.ts';

const HOUR = 3_600_000;

it('keeps nothing on disk that could be used as a token', async () => {
  const directory = temporaryDirectory();
  const { identity } = openTemporary({ directory });
  const { token } = await identity.issue({ name: 'owner', roles: ['admin'], ttlMs: HOUR });
  const secret = token.split('.')[1];
  expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
  const needles = [secret, Buffer.from(secret, 'base64url').toString('latin1')];
  for (const name of readdirSync(directory).filter((each) => each.startsWith('plimsoll.db'))) {
    const content = readFileSync(join(directory, name), 'latin1');
    for (const needle of needles) expect(content.includes(needle)).toBe(false);
  }
});

it('takes no secret of one token for another', async () => {
  const { identity } = openTemporary();
  const [one, other] = [
    await identity.issue({ name: 'one', roles: ['viewer'], ttlMs: HOUR }),
    await identity.issue({ name: 'other', roles: ['admin'], ttlMs: HOUR }),
  ];
  const mixed = `${other.token.split('.')[0]}.${one.token.split('.')[1]}`;
  expect(await identity.authenticate(mixed)).toBeUndefined();
});

it('refuses a token once it is revoked, or its last millisecond has passed', async () => {
  let now = 1_000;
  const { identity } = openTemporary({ now: () => now });
  const issued = await identity.issue({ name: 'trader', roles: ['trader'], ttlMs: HOUR });
  const kept = await identity.issue({ name: 'other', roles: ['trader'], ttlMs: HOUR });
  expect(issued.expiresAt).toBe(1_000 + HOUR);
  expect(await identity.revoke(issued.principal.id)).toBe(true);
  expect(await identity.revoke(issued.principal.id)).toBe(false);
  expect(await identity.authenticate(issued.token)).toBeUndefined();

  now = 999 + HOUR;
  expect(await identity.authenticate(kept.token)).toEqual({ ...kept.principal, admins: 0 });
  now = 1_000 + HOUR;
  expect(await identity.authenticate(kept.token)).toBeUndefined();
});

it('lists the tokens without what proves them, and forgets those that have expired', async () => {
  let now = 0;
  const { identity } = openTemporary({ now: () => now });
  await identity.issue({ name: 'short', roles: ['viewer'], ttlMs: 10 });
  now = 10;
  const { token, principal } = await identity.issue({ name: 'long', roles: [...ROLES], ttlMs: 10 });
  const listed = await identity.list();
  expect(listed).toEqual([{ ...principal, createdAt: 10, expiresAt: 20 }]);
  expect(JSON.stringify(listed)).not.toContain(token.split('.')[1]);
});

it('refuses a token without a name or a role', async () => {
  const { identity } = openTemporary();
  for (const [name, roles] of [
    ['', ['viewer']],
    ['x', []],
    ['x', ['root']],
    ['x'.repeat(101), ['viewer']],
  ]) {
    const asked = { name, roles, ttlMs: HOUR } as Parameters<typeof identity.issue>[0];
    await expect(identity.issue(asked)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  }
  expect(await identity.list()).toEqual([]);
});
