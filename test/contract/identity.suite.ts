import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityPort, mayAct, type Role } from '../../core/ports/identity.ts';
import type { PortUnderTest } from './port-under-test.ts';

export interface IdentityUnderTest extends PortUnderTest<IdentityPort> {
  /** A token in force for a new user with these roles. */
  issue(user: { name: string; roles: readonly Role[] }): Promise<string>;
  /** A token whose time has passed. */
  issueExpired(user: { name: string; roles: readonly Role[] }): Promise<string>;
}

/** What every identity adapter must do. */
export function identityContract(name: string, makePort: () => Promise<IdentityUnderTest>): void {
  describe(`the identity port on ${name}`, () => {
    let held: IdentityUnderTest;

    beforeAll(async () => {
      held = await makePort();
    });
    afterAll(() => held?.stop());

    it('makes a token the principal it was issued to, the same one each time', async () => {
      const token = await held.issue({ name: 'trader', roles: ['trader'] });
      const principal = await held.port.authenticate(token);
      expect(principal).toMatchObject({ name: 'trader', roles: ['trader'] });
      expect(await held.port.authenticate(token)).toEqual(principal);
    });

    it('says of everybody how many could approve: names with the role admin whose time has not passed', async () => {
      const counted = async (): Promise<number> =>
        (await held.port.authenticate(await held.issue({ name: 'reader', roles: ['viewer'] })))?.admins ?? 0;
      const before = await counted();
      await held.issueExpired({ name: 'gone', roles: ['admin'] });
      for (const name of ['ada', 'ada', 'bo']) await held.issue({ name, roles: ['viewer', 'admin'] });
      expect(await counted()).toBe(before + 2);
    });

    it('keeps users apart', async () => {
      const [one, other] = [
        await held.issue({ name: 'one', roles: ['viewer'] }),
        await held.issue({ name: 'other', roles: ['viewer'] }),
      ];
      const [first, second] = [await held.port.authenticate(one), await held.port.authenticate(other)];
      expect(first?.id).not.toBe(second?.id);
      expect([first?.name, second?.name]).toEqual(['one', 'other']);
    });

    it.each<[Role, boolean, boolean, boolean]>([
      ['viewer', true, false, false],
      ['trader', true, true, false],
      ['admin', true, true, true],
    ])('lets a %s act as viewer %s, trader %s, admin %s', async (role, viewer, trader, admin) => {
      const principal = await held.port.authenticate(await held.issue({ name: role, roles: [role] }));
      expect(mayAct(principal!, 'viewer')).toBe(viewer);
      expect(mayAct(principal!, 'trader')).toBe(trader);
      expect(mayAct(principal!, 'admin')).toBe(admin);
    });

    it('refuses a token whose time has passed', async () => {
      expect(await held.port.authenticate(await held.issueExpired({ name: 'late', roles: ['admin'] }))).toBeUndefined();
    });

    it.each(['', ' ', 'token', 'Bearer x', '\u0000', 'a.b.c', '🐢', "' OR 1=1 --", 'x'.repeat(100_000)])(
      'refuses what is no token (%#)',
      async (token) => {
        expect(await held.port.authenticate(token)).toBeUndefined();
      },
    );

    it('refuses a token with any one character changed, added or missing', async () => {
      const token = await held.issue({ name: 'trader', roles: ['trader'] });
      const changed = [token.slice(1), token.slice(0, -1), `${token}A`, ` ${token}`, token.toUpperCase()];
      for (let at = 0; at < token.length - 1; at++) {
        changed.push(token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1));
      }
      for (const each of changed) expect(await held.port.authenticate(each)).toBeUndefined();
    });
  });
}
