/** What people do to an account between its steps: halt, resume, pause, cancel, close. Each is one commit, once for its key. */
import { pauseStrategy } from '../../core/engine/bookkeeping.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { nearest } from '../../core/nearest.ts';
import type { Principal } from '../../core/ports/identity.ts';
import { closeByHand } from '../../core/risk/close-by-hand.ts';
import { cancelOne, halt, reduce, resume } from '../../core/risk/kill-switch.ts';
import type { TradingState } from '../../core/risk/trading-state.ts';
import { type AccountState, KEYS, loadAccount } from './account-state.ts';
import { callBackNow } from './call-back.ts';
import { commitEngine } from './commit-engine.ts';
import { engineOf } from './engines.ts';
import type { StepPorts } from './ports.ts';

/** Who asks for a command, and the key under which it is done once. */
export interface CommandOrigin {
  readonly principal: Principal;
  readonly idempotencyKey: string;
  /** Stands for the input, where the key comes from outside: the same key with another input is refused. */
  readonly fingerprint?: string;
}

/** Writers that a command yields to before it gives up. */
const MAX_CONFLICTS = 50;

/**
 * Does something to an account as it stands, whatever step its cycle is at, in one commit. Done under the same key before, it
 * does nothing and answers what it answered then.
 */
export async function runCommand<Output extends Json>(
  ports: StepPorts,
  stream: string,
  name: string,
  origin: CommandOrigin,
  work: (engine: Engine, state: AccountState) => Output,
): Promise<Output> {
  const key = KEYS.command(origin.idempotencyKey);
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const done = await ports.ledger.document(stream, key);
    if (done) return answeredBefore(done.value as unknown as DoneCommand<Output>, name, origin);
    const { state, version } = await loadAccount(ports.ledger, stream);
    const engine = await engineOf(ports, stream, state.engine);
    engine.restore(state.engine);
    engine.proposals = [...state.proposals];
    const output = work(engine, state);
    const { principal, fingerprint = '' } = origin;
    const value: Json = { name, by: principal.id, at: ports.now(), fingerprint, output };
    // What the account runs under stays what it was: a command works beside a deployment that is not taken over yet.
    const account = { version, cursor: state.cursor, verdicts: state.verdicts, runsUnder: state.runsUnder };
    if (!(await commitEngine(ports, engine, account, [{ key, value, expectedVersion: 0 }]))) continue;
    await callBackNow(ports, stream);
    return output;
  }
  throw new PlimsollError('ACCOUNT_CONTENDED', `${name} met other writers ${MAX_CONFLICTS} times`, 'try again', {
    kept: 'nothing of it was done',
  });
}

interface DoneCommand<Output> {
  readonly name: string;
  readonly fingerprint: string;
  readonly output: Output;
}

function answeredBefore<Output>(done: DoneCommand<Output>, name: string, { fingerprint = '' }: CommandOrigin): Output {
  if (done.name === name && done.fingerprint === fingerprint) return done.output;
  throw new PlimsollError(
    'IDEMPOTENCY_KEY_REUSED',
    `the idempotency key was used before, for ${done.name} with ${done.name === name ? 'another input' : 'an input of its own'}`,
    'send a new key with every new command',
    { kept: 'nothing was changed' },
  );
}

/** The kill switch (core/risk/kill-switch.ts). Says how many working orders the new state ended. */
export function setTradingState(
  ports: StepPorts,
  stream: string,
  to: TradingState,
  reason: string,
  origin: CommandOrigin,
) {
  return runCommand(ports, stream, 'trading-state.set', origin, (engine) => {
    const before = engine.workingOrders;
    SWITCH[to](engine, `${reason} (${origin.principal.name})`);
    return { state: to, canceled: before - engine.workingOrders };
  });
}

const SWITCH = { Active: resume, Reducing: reduce, Halted: halt } as const satisfies Record<TradingState, unknown>;

export function pause(ports: StepPorts, stream: string, strategy: string, paused: boolean, origin: CommandOrigin) {
  return runCommand(ports, stream, paused ? 'strategies.pause' : 'strategies.resume', origin, (engine) => {
    const index = strategyIndex(engine, strategy);
    if (engine.paused[index] !== paused) pauseStrategy(engine, index, paused, `by hand (${origin.principal.name})`);
    return { strategy, paused };
  });
}

export function cancelOrder(ports: StepPorts, stream: string, id: number, origin: CommandOrigin) {
  return runCommand(ports, stream, 'orders.cancel', origin, (engine) => {
    const order = engine.markets
      .flatMap((market) => [...market.orders, ...market.held])
      .find((working) => working.id === id);
    if (!order)
      throw new PlimsollError(
        'ORDER_NOT_WORKING',
        `there is no working order ${id}`,
        'list the working orders to see their numbers',
      );
    cancelOne(engine, order, `by hand (${origin.principal.name})`);
    return { order: id, state: order.state as string };
  });
}

/** A market order that closes what a strategy holds; it is matched with the next bar. Works in every trading state. */
export function closePosition(
  ports: StepPorts,
  stream: string,
  strategy: string,
  symbol: string,
  origin: CommandOrigin,
) {
  return runCommand(ports, stream, 'positions.close', origin, (engine) => {
    const index = strategyIndex(engine, strategy);
    const market = engine.markets.find((candidate) => candidate.instrument.symbol === symbol);
    if (!market)
      throw new PlimsollError(
        'SYMBOL_UNKNOWN',
        `${symbol} is not in the universe`,
        `use ${nearest(
          symbol,
          engine.markets.map((known) => known.instrument.symbol),
        )}`,
      );
    const held = engine.position(index, market.index);
    if (held.quantity === 0)
      throw new PlimsollError(
        'POSITION_FLAT',
        `"${strategy}" holds no ${symbol}`,
        'list the positions to see what is held',
      );
    const order = closeByHand(engine, index, market, `closed by hand (${origin.principal.name})`);
    if (typeof order === 'string')
      throw new PlimsollError(
        'POSITION_NOT_CLOSABLE',
        `what "${strategy}" holds of ${symbol} cannot be closed with an order (${order})`,
        'it is less than the venue takes; close it together with more of it, or leave it',
        { kept: 'the position is as it was' },
      );
    return { order: order.id, state: order.state as string };
  });
}

export function strategyIndex(engine: Engine, id: string): number {
  // One that a new configuration adds is the account's once that is taken over.
  const ids = engine.runners.slice(0, engine.paused.length).map((runner) => runner.running.id);
  const index = ids.indexOf(id);
  if (index < 0)
    throw new PlimsollError('STRATEGY_UNKNOWN', `the account runs no strategy "${id}"`, `use ${nearest(id, ids)}`);
  return index;
}
