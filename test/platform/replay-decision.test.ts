import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LedgerEvent } from '../../core/ledger/events.ts';
import type { Step } from '../../functions/steps/account-state.ts';
import {
  type CommandOrigin,
  cancelOrder,
  closePosition,
  pause,
  setTradingState,
} from '../../functions/steps/commands.ts';
import type { StepPorts } from '../../functions/steps/ports.ts';
import { eventsOf } from '../../platform/live-run.ts';
import { type ReplayedDecision, replayDecision } from '../../platform/replay-decision.ts';
import { type Desk, openDesk } from '../operations/desk.ts';

const STREAM = 'tests/paper';
const owner: CommandOrigin = { principal: { id: 'ada', name: 'Ada (owner)', roles: ['admin'] }, idempotencyKey: 'k' };
const MINUTES = 60;

let desk: Desk;
beforeEach(() => {
  desk = openDesk();
});
afterEach(() => desk.close());

const events = async (): Promise<LedgerEvent[]> => Array.fromAsync(eventsOf(desk.steps.ledger, STREAM));
const kinds = ({ events: shown }: ReplayedDecision): string[] => shown.map(({ event }) => event.kind);

/** Runs the desk, and does `command` once before `step`, in the first cycle where it has something to do. */
async function runWith(step: Step, command: (ports: StepPorts, cycle: number) => Promise<boolean>): Promise<number> {
  const { steps } = desk;
  const { send } = steps;
  let doneAt = 0;
  Object.assign(steps, {
    send: async (queue: never, message: { body: { cycle: number } }) => {
      const { cycle } = message.body;
      if (queue === step && doneAt === 0 && (await command(steps, cycle))) doneAt = cycle;
      await send(queue, message as never);
    },
  });
  await desk.run(MINUTES);
  expect(doneAt).toBeGreaterThan(0);
  return doneAt;
}

const replayed = (cycle: number) => replayDecision(desk.steps, STREAM, String(cycle));
const hasFilled = async (): Promise<boolean> => (await events()).some(({ kind }) => kind === 'OrderFilled');

it('makes a decision again that trading was halted in the middle of, before risk', async () => {
  const cycle = await runWith('risk', async (ports) => {
    await setTradingState(ports, STREAM, 'Halted', 'a drill', owner);
    return true;
  });
  const decision = await replayed(cycle);
  expect(decision).toMatchObject({ same: true, differences: [] });
  expect(kinds(decision)).toEqual(expect.arrayContaining(['TradingStateChanged', 'OrderDenied']));
  expect(kinds(decision)).not.toContain('OrderInitialized');
});

it('makes a decision again whose orders were held back by a halt between risk and execute', async () => {
  const cycle = await runWith('execute', async (ports) => {
    await setTradingState(ports, STREAM, 'Halted', 'a drill', owner);
    return true;
  });
  const decision = await replayed(cycle);
  expect(decision).toMatchObject({ same: true, differences: [] });
  expect(kinds(decision).filter((kind) => kind !== 'TextDefined')).toEqual(
    expect.arrayContaining(['OrderInitialized', 'TradingStateChanged', 'OrderCanceled']),
  );
});

it('bad input: a cycle that is not over is not judged, and the latest is the latest that is', async () => {
  const codeOf = (decision: string) =>
    replayDecision(desk.steps, STREAM, decision).then(
      ({ cycle }) => cycle,
      ({ code }) => code,
    );
  const said: unknown[] = [];
  const cycle = await runWith('execute', async (_, at) => {
    said.push(await codeOf(String(at)), await codeOf('latest'));
    return true;
  });
  expect(said).toEqual(['DECISION_UNSETTLED', 'DECISION_UNSETTLED']);
  expect(await codeOf(String(cycle))).toBe(cycle);
  expect(await codeOf('latest')).toBeGreaterThan(cycle);
});

it('takes in several commands between two steps, in their order', async () => {
  const cycle = await runWith('risk', async (ports) => {
    await pause(ports, STREAM, 'sma-cross', true, owner);
    await setTradingState(ports, STREAM, 'Reducing', 'a drill', { ...owner, idempotencyKey: 'l' });
    await setTradingState(ports, STREAM, 'Active', 'it was one', { ...owner, idempotencyKey: 'm' });
    return true;
  });
  const decision = await replayed(cycle);
  expect(decision).toMatchObject({ same: true, differences: [] });
  expect(kinds(decision).filter((kind) => /Paused|Changed/.test(kind))).toEqual([
    'StrategyPaused',
    'TradingStateChanged',
    'TradingStateChanged',
  ]);
});

it('takes in a position that was closed and orders that were canceled by hand', async () => {
  let canceled = 0;
  const cycle = await runWith('execute', async (ports) => {
    if (!(await hasFilled())) return false;
    const { positions }: { positions: { strategy: string; symbol: string }[] } = await desk.ask('positions.list');
    if (positions.length === 0) return false;
    const [{ strategy, symbol }] = positions;
    const { order } = await closePosition(ports, STREAM, strategy, symbol, owner);
    await cancelOrder(ports, STREAM, order, { ...owner, idempotencyKey: 'l' });
    canceled = order;
    return true;
  });
  const decision = await replayed(cycle);
  expect(decision).toMatchObject({ same: true, differences: [] });
  expect(decision.events.map(({ event }) => event)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ kind: 'OrderInitialized', order: canceled, purpose: 'manual' }),
      expect.objectContaining({ kind: 'OrderCanceled', order: canceled }),
    ]),
  );
});

it('still names a difference where the ledger has an event that neither a step nor a person made', async () => {
  const cycle = await runWith('risk', async (ports) => {
    await setTradingState(ports, STREAM, 'Halted', 'a drill', owner);
    return true;
  });
  const { ledger } = desk.steps;
  const read = async (...args: Parameters<typeof ledger.read>) =>
    JSON.parse(JSON.stringify(await ledger.read(...args)).replaceAll('"to":"Halted"', '"to":"Reducing"'));
  const overlaid = new Proxy(ledger, {
    get: (target, name) => (name === 'read' ? read : target[name as keyof typeof target].bind(target as never)),
  });
  const changed = { ...desk.steps, ledger: overlaid };
  const decision = await replayDecision(changed, STREAM, String(cycle));
  expect(decision.same).toBe(false);
  expect(decision.differences[0]).toMatch(/event \d+ of the decision differs/);
});
