import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyLedger } from '../../core/ledger/verify.ts';
import type { Principal } from '../../core/ports/identity.ts';
import { findOperation, invoke } from '../../operations/invoke.ts';
import type { LimitsAnswerOutput, LimitsChangesOutput } from '../../operations/limits/schema.ts';
import { readAll } from '../adapters/embedded/temporary.ts';
import { type Desk, openDesk } from './desk.ts';

const PAPER = 'tests/paper';
let desk: Desk;

beforeEach(async () => {
  desk = openDesk();
  await desk.run(30);
});

afterEach(async () => {
  expect(verifyLedger(await readAll(desk.steps.ledger, PAPER)).holds).toBe(true);
  await desk.close();
});

const person = (id: string, admins = 1): Principal => ({ id, name: id, roles: ['admin'], admins });
const ask = <Output>(
  principal: Principal,
  name: string,
  input: object,
  key: string = crypto.randomUUID(),
): Promise<Output> =>
  invoke(findOperation(name), { ...desk.context, principal, idempotencyKey: key }, input) as Promise<Output>;
const propose = (principal: Principal, limits: object, key?: string): Promise<LimitsAnswerOutput> =>
  ask(principal, 'limits.propose', { limits, reason: 'a wider day' }, key);
const approve = (principal: Principal, more: object = {}, key?: string): Promise<LimitsAnswerOutput> =>
  ask(principal, 'limits.approve', { version: 1, reason: 'looked at it', ...more }, key);
const changes = (): Promise<LimitsChangesOutput> => desk.ask('limits.changes');
const setting = async (name: string): Promise<unknown> => {
  const { limits } = (await desk.ask('risk.limits')) as { limits: { name: string; setting: unknown }[] };
  return limits.find((limit) => limit.name === name)?.setting;
};

describe('limits that a person asks for', () => {
  it('hold at once where they tighten, and wait where they loosen; the status and the changes tell of it', async () => {
    const answer = await propose(person('ada'), { maxOrderNotional: 9_000, maxDrawdown: 0.2 });
    expect(answer).toEqual({
      version: 1,
      applied: [{ limit: 'maxDrawdown', from: null, to: 0.2, effect: 'tightens' }],
      held: [{ limit: 'maxOrderNotional', from: 1_500, to: 9_000, effect: 'loosens' }],
    });
    expect([await setting('maxDrawdown'), await setting('maxOrderNotional')]).toEqual([0.2, 1_500]);
    const { held, changes: told } = await changes();
    expect(held).toMatchObject({ version: 1, by: 'ada', reason: 'a wider day', changes: answer.held });
    expect(told.map(({ outcome, by, changes: made }) => [outcome, by, made])).toEqual([
      ['held', 'ada', answer.held],
      ['applied', 'ada', answer.applied],
    ]);
    const status = (await desk.ask('status.show')) as { accounts: { heldLimits: unknown }[] };
    expect(status.accounts[0].heldLimits).toEqual(held);
  });

  it('are approved by a second person with one word less, and are in force from then on', async () => {
    await propose(person('ada', 2), { maxOrderNotional: 9_000 });
    await expect(approve(person('ada', 2), { confirm: 'paper' })).rejects.toMatchObject({
      code: 'APPROVAL_BY_SAME_PERSON',
      remedy: expect.stringContaining('somebody else with the role admin'),
    });
    expect(await setting('maxOrderNotional')).toBe(1_500);
    expect(await approve(person('bo', 2))).toMatchObject({ version: 1, held: [] });
    expect(await setting('maxOrderNotional')).toBe(9_000);
    expect((await changes()).held).toBeNull();
    expect((await changes()).changes[0]).toMatchObject({ outcome: 'applied', by: 'bo', reason: 'looked at it' });
  });

  it('are approved with the account’s name typed where there is one person alone', async () => {
    await propose(person('ada'), { maxOrderNotional: 9_000 });
    for (const more of [{}, { confirm: 'papr' }]) {
      await expect(approve(person('ada'), more)).rejects.toMatchObject({ code: 'APPROVAL_NOT_CONFIRMED' });
    }
    expect(await setting('maxOrderNotional')).toBe(1_500);
    await approve(person('ada'), { confirm: 'paper' });
    expect(await setting('maxOrderNotional')).toBe(9_000);
  });

  it('are decided once under a key, and only under the number that waits', async () => {
    const first = await propose(person('ada'), { maxOrderNotional: 9_000 }, 'p');
    expect(await propose(person('ada'), { maxOrderNotional: 9_000 }, 'p')).toEqual(first);
    await expect(approve(person('bo'), { version: 2 })).rejects.toMatchObject({ code: 'LIMITS_NOT_WAITING' });
    const done = await approve(person('bo'), {}, 'a');
    expect(await approve(person('bo'), {}, 'a')).toEqual(done);
    await expect(approve(person('bo'))).rejects.toMatchObject({ code: 'LIMITS_NOT_WAITING' });
    expect((await changes()).version).toBe(1);
  });

  it('are dropped when they are rejected, and nothing else changes', async () => {
    await propose(person('ada'), { allowShort: true });
    await ask(person('ada'), 'limits.reject', { version: 1, reason: 'not now' });
    expect(await changes()).toMatchObject({
      version: 1,
      held: null,
      changes: [{ outcome: 'rejected', by: 'ada' }, {}],
    });
    expect(await setting('allowShort')).toBe(false);
  });

  it('are taken away by null, and refused where they are unknown, invalid or in force already', async () => {
    expect((await propose(person('ada'), { maxOrderNotional: null })).held).toMatchObject([{ from: 1_500, to: null }]);
    for (const [limits, message] of [
      [{ maxOrderNotionl: 5 }, /there is no limit "maxOrderNotionl"/],
      [{ maxDrawdown: 7 }, /maxDrawdown is not valid/],
    ] as const) {
      await expect(propose(person('ada'), limits)).rejects.toMatchObject({
        code: 'OPERATION_INPUT_INVALID',
        message: expect.stringMatching(message),
      });
    }
    await expect(propose(person('ada'), { maxOrderNotional: 1_500 })).rejects.toMatchObject({
      code: 'LIMITS_UNCHANGED',
    });
    expect((await changes()).held?.version).toBe(1);
  });

  it.each(['limits.propose', 'limits.approve', 'limits.reject'])('%s is an administrator’s', async (name) => {
    await expect(desk.ask(name, {}, { role: 'trader' })).rejects.toMatchObject({ code: 'OPERATION_FORBIDDEN' });
  });

  it('stay in force when the account goes on trading', async () => {
    await propose(person('ada'), { maxOrderNotional: 700 });
    await desk.run(60);
    expect(await setting('maxOrderNotional')).toBe(700);
    expect(await changes()).toMatchObject({ version: 1, held: null });
  });
});
