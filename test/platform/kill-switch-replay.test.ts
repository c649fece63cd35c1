// A decision that the kill switch came into is made again, event for event, and comes to the same.
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Step } from '../../functions/steps/account-state.ts';
import type { CommandOrigin } from '../../functions/steps/commands.ts';
import { type StopRequest, stop } from '../../functions/steps/kill-switch.ts';
import { replayDecision } from '../../platform/replay-decision.ts';
import { type Desk, openDesk } from '../operations/desk.ts';

const STREAM = 'tests/paper';
const owner: CommandOrigin = { principal: { id: 'ada', name: 'Ada', roles: ['admin'] }, idempotencyKey: 'k' };

let desk: Desk;
beforeEach(() => {
  desk = openDesk();
});
afterEach(() => desk.close());

/** Runs the desk, and stops before `step` of the first cycle in which `strategy` holds a position; answers that cycle. */
async function stoppedBefore(step: Step, strategy: string, request: Omit<StopRequest, 'reason'>): Promise<number> {
  const { steps } = desk;
  const { send } = steps;
  let doneAt = 0;
  Object.assign(steps, {
    send: async (queue: never, message: { body: { cycle: number } }) => {
      if (queue === step && doneAt === 0 && (await holds(strategy))) {
        await stop(steps, STREAM, { ...request, reason: 'a drill' }, owner);
        doneAt = message.body.cycle;
      }
      await send(queue, message as never);
    },
  });
  await desk.run(120);
  expect(doneAt).toBeGreaterThan(0);
  return doneAt;
}

async function holds(strategy: string): Promise<boolean> {
  const { positions }: { positions: { strategy: string; quantity: string }[] } = await desk.ask('positions.list');
  return positions.some((held) => held.strategy === strategy && Number(held.quantity) !== 0);
}

it.each<[string, Step, StopRequest['scope'], string]>([
  ['a strategy, before risk', 'risk', { of: 'strategy', strategy: 'sma-cross' }, 'StrategyPaused'],
  ['a strategy, before execute', 'execute', { of: 'strategy', strategy: 'sma-cross' }, 'StrategyPaused'],
  ['an instrument, before risk', 'risk', { of: 'instrument', symbol: 'BTC/USDT' }, 'InstrumentHalted'],
  ['an instrument, before execute', 'execute', { of: 'instrument', symbol: 'BTC/USDT' }, 'InstrumentHalted'],
  ['the account, before execute', 'execute', { of: 'account' }, 'TradingStateChanged'],
])('%s, flattened', async (_, step, scope, kind) => {
  const cycle = await stoppedBefore(step, 'sma-cross', { scope, state: 'Halted', flatten: true });
  const decision = await replayDecision(desk.steps, STREAM, String(cycle));
  expect(decision).toMatchObject({ same: true, differences: [] });
  expect(decision.events.map(({ event }) => event.kind)).toContain(kind);
});
