import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyLedger } from '../../core/ledger/verify.ts';
import { eventsOf } from '../../platform/live-run.ts';
import { readAll } from '../adapters/embedded/temporary.ts';
import { type Desk, openDesk } from './desk.ts';

const STREAM = 'tests/paper';
let desk: Desk;

beforeEach(async () => {
  desk = openDesk();
  await desk.run(30);
});

afterEach(async () => {
  const verified = verifyLedger(await readAll(desk.steps.ledger, STREAM));
  expect(
    verified.holds,
    JSON.stringify(verified, (key, value) => (key === 'fold' ? undefined : value)),
  ).toBe(true);
  await desk.close();
});

describe('the kill switch', () => {
  it('ends every working order, and lets nothing new pass until trading is resumed', async () => {
    const halted: { canceled: number } = await desk.ask('trading-state.set', { state: 'Halted', reason: 'a drill' });
    expect(halted).toMatchObject({ state: 'Halted' });
    expect(await desk.ask('orders.list')).toEqual({ orders: [] });
    expect(await desk.ask('trading-state.get')).toMatchObject({
      state: 'Halted',
      reason: 'a drill (admin)',
      since: expect.any(Number),
    });
    const before = await ordersBegun();
    await desk.run(30);
    expect(await ordersBegun()).toBe(before);
    await desk.ask('trading-state.set', { state: 'Active' });
    await desk.run(30);
    expect(await ordersBegun()).toBeGreaterThan(before);
  });

  it('is thrown once for a key, however often it is sent', async () => {
    const first = await desk.ask('trading-state.set', { state: 'Halted' }, { key: 'k' });
    await desk.ask('trading-state.set', { state: 'Active' });
    expect(await desk.ask('trading-state.set', { state: 'Halted' }, { key: 'k' })).toEqual(first);
    expect(await desk.ask('trading-state.get')).toMatchObject({ state: 'Active' });
  });

  it('refuses a key that was used for something else', async () => {
    await desk.ask('trading-state.set', { state: 'Halted' }, { key: 'k' });
    const reused = { code: 'IDEMPOTENCY_KEY_REUSED' };
    await expect(desk.ask('trading-state.set', { state: 'Active' }, { key: 'k' })).rejects.toMatchObject(reused);
    await expect(desk.ask('strategies.pause', { strategy: 'sma-cross' }, { key: 'k' })).rejects.toMatchObject(reused);
  });

  it('keeps the keys of one principal apart from those of another', async () => {
    await desk.ask('trading-state.set', { state: 'Halted' }, { key: 'k' });
    await desk.ask('trading-state.set', { state: 'Active' }, { key: 'k', role: 'trader' });
    expect(await desk.ask('trading-state.get')).toMatchObject({ state: 'Active', reason: 'by hand (trader)' });
  });
});

describe('a strategy', () => {
  it('that is paused is not asked, and is asked again when it is resumed', async () => {
    expect(await desk.ask('strategies.pause', { strategy: 'sma-cross' })).toEqual({
      strategy: 'sma-cross',
      paused: true,
    });
    expect(await desk.ask('strategies.list')).toMatchObject({
      running: [{ id: 'sma-cross', paused: true }, { paused: false }, {}, {}],
    });
    const before = await proposalsOf('sma-cross');
    await desk.run(30);
    expect(await proposalsOf('sma-cross')).toBe(before);
    await desk.ask('strategies.resume', { strategy: 'sma-cross' });
    await desk.run(30);
    expect(await proposalsOf('sma-cross')).toBeGreaterThan(before);
  });

  it('that the account does not run is not known', async () => {
    await expect(desk.ask('strategies.pause', { strategy: 'sma-croos' })).rejects.toMatchObject({
      code: 'STRATEGY_UNKNOWN',
      remedy: expect.stringContaining('"sma-cross"'),
    });
  });
});

describe('by hand', () => {
  it('a position is closed by a market order that the next bar fills', async () => {
    const held = await openPosition();
    const { order }: { order: number } = await desk.ask('positions.close', held);
    expect(await desk.ask('orders.list')).toMatchObject({
      orders: expect.arrayContaining([expect.objectContaining({ id: order, purpose: 'manual' })]),
    });
    await desk.ask('strategies.pause', { strategy: held.strategy });
    await desk.run(1);
    expect(await quantityOf(held)).toBe(0);
    await expect(desk.ask('positions.close', held)).rejects.toMatchObject({ code: 'POSITION_FLAT' });
  });

  it('a working order is canceled, once', async () => {
    await openPosition();
    const { orders }: { orders: { id: number }[] } = await desk.ask('orders.list');
    expect(orders.length).toBeGreaterThan(0);
    const [{ id }] = orders;
    expect(await desk.ask('orders.cancel', { order: id })).toEqual({ order: id, state: 'Canceled' });
    await expect(desk.ask('orders.cancel', { order: id })).rejects.toMatchObject({ code: 'ORDER_NOT_WORKING' });
  });
});

async function ordersBegun(): Promise<number> {
  let count = 0;
  for await (const { kind } of eventsOf(desk.steps.ledger, STREAM)) if (kind === 'OrderInitialized') count++;
  return count;
}

async function proposalsOf(strategy: string): Promise<number> {
  const { proposals }: { proposals: { strategy: string }[] } = await desk.ask('proposals.list', { limit: 1_000 });
  return proposals.filter((proposal) => proposal.strategy === strategy).length;
}

interface Held {
  readonly strategy: string;
  readonly symbol: string;
}

/** Runs on until a strategy with a protected position holds one. */
async function openPosition(): Promise<Held> {
  for (let minute = 0; minute < 300; minute += 5) {
    const { positions }: { positions: (Held & { quantity: string })[] } = await desk.ask('positions.list');
    const held = positions.find(({ strategy, quantity }) => strategy === 'donchian-breakout' && Number(quantity) !== 0);
    if (held) return { strategy: held.strategy, symbol: held.symbol };
    await desk.run(5);
  }
  throw new Error('no position was opened');
}

async function quantityOf({ strategy, symbol }: Held): Promise<number> {
  const { positions }: { positions: (Held & { quantity: string })[] } = await desk.ask('positions.list');
  return Number(positions.find((held) => held.strategy === strategy && held.symbol === symbol)?.quantity);
}
