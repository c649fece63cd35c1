/** People who command an account, at any moment and from a process of their own. */
import { PlimsollError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { mayAct } from '../core/ports/identity.ts';
import { findAccount, KEYS } from '../functions/steps/account-state.ts';
import { cancelOrder, closePosition, pause, setTradingState } from '../functions/steps/commands.ts';
import { armLive, disarmLive } from '../functions/steps/commands-live.ts';
import type { StepPorts } from '../functions/steps/ports.ts';
import { isPassing } from './failures.ts';
import type { FaultKind } from './faults.ts';
import type { Command } from './shadow.ts';
import { armingOf, type Worker, type World } from './world.ts';

export const COMMAND_KINDS = [
  'command-halt',
  'command-reduce',
  'command-resume',
  'command-cancel',
  'command-close',
  'command-pause',
  'command-unpause',
  'command-arm',
  'command-disarm',
  'command-repeated',
] as const satisfies readonly FaultKind[];
type CommandKind = (typeof COMMAND_KINDS)[number];

/** Times that a person tries the same command under the same key, before they look what became of it. */
const TRIES = 3;
const TRY_AGAIN_MS = 3_000;
/** What an account answers where a command asks for what is not there (any more). */
const REFUSALS = new Set(['ORDER_NOT_WORKING', 'POSITION_FLAT', 'STRATEGY_UNKNOWN']);

interface Asked {
  readonly stream: string;
  readonly key: string;
  readonly command: Command | LiveCommand;
}

/** What only a live account knows. */
interface LiveCommand {
  readonly kind: 'arm' | 'disarm';
}

const isOfLive = (command: Command | LiveCommand): command is LiveCommand =>
  command.kind === 'arm' || command.kind === 'disarm';

export class People {
  readonly #world: World;
  readonly #asked: Asked[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** Commands something; it goes on beside everything else. */
  async command(kind: CommandKind, worker: Worker): Promise<void> {
    const { faults, loop, watch, ledger, streams, commands } = this.#world;
    const stream = streams[faults.detail(streams.length, 1)];
    const before = this.#asked.at(-1);
    if (kind === 'command-repeated' && !before) return;
    loop.tell(worker, `${kind} on ${stream}`);
    const work = async (): Promise<void> => {
      const asked = kind === 'command-repeated' ? before! : await this.#choose(kind, worker.steps, stream);
      if (!asked) return;
      if (!isOfLive(asked.command)) commands.set(asked.key, asked.command);
      this.#asked.push(asked);
      await this.#insist(worker, asked);
    };
    await work().catch((error) => {
      if (isOutdated(worker.steps, ledger.peek(stream, KEYS.account)?.value)) return;
      if (isPassing(error) || (error instanceof PlimsollError && REFUSALS.has(error.code))) return;
      watch.report('no-surprise', stream, `${kind} failed with ${error instanceof Error ? error.stack : error}`);
    });
  }

  /**
   * Lets live trading go on where it is stopped. Where it is not, an order is canceled: strategies seldom do that, and an exchange has
   * several ways to answer it.
   */
  async relent(worker: Worker, stream: string): Promise<void> {
    const { watch, liveStream } = this.#world;
    const engine = watch.stateOf(stream)?.engine;
    if (!engine || stream !== liveStream) return;
    const key = `relent-${this.#asked.length}-${this.#world.loop.turns}`;
    const asked: Asked[] = [];
    if (engine.tradingState !== 'Active')
      asked.push({ stream, key, command: { kind: 'state', to: 'Active', reason: 'it goes on', by: 'a person' } });
    if (!engine.live?.arming) asked.push({ stream, key: `${key}-arm`, command: { kind: 'arm' } });
    const [working] = engine.markets.flatMap(({ orders }) => orders);
    if (asked.length === 0 && working)
      asked.push({ stream, key, command: { kind: 'cancel', order: working.id as number, by: 'a person' } });
    for (const each of asked) await this.#insist(worker, each).catch(() => undefined);
  }

  async #choose(kind: CommandKind, ports: StepPorts, stream: string): Promise<Asked | undefined> {
    const { faults, trader, identity } = this.#world;
    const principal = await identity.authenticate(trader.token);
    if (!principal || !mayAct(principal, 'trader')) return undefined;
    const detail = faults.detail(1_000, 2);
    const state = (await findAccount(ports.ledger, stream))?.state;
    if (!state) return undefined;
    const by = principal.name;
    const account = ports.configuration.accounts.find(({ id }) => stream.endsWith(`/${id}`))!;
    const strategies = account.strategies.map(({ id, strategy }) => id ?? strategy);
    const strategy = strategies[detail % strategies.length];
    const orders = state.engine.markets.flatMap((market) => [...market.orders, ...market.held]);
    const key = `${kind}-${this.#asked.length}-${faults.detail(1_000_000, 3)}`;
    const to = (next: 'Active' | 'Reducing' | 'Halted'): Command => ({ kind: 'state', to: next, reason: kind, by });
    switch (kind) {
      case 'command-halt':
        return { stream, key, command: to('Halted') };
      case 'command-reduce':
        return { stream, key, command: to('Reducing') };
      case 'command-resume':
        return { stream, key, command: to('Active') };
      case 'command-arm':
      case 'command-disarm':
        if (!account.live) return undefined;
        return { stream, key, command: { kind: kind === 'command-arm' ? 'arm' : 'disarm' } };
      case 'command-cancel':
        if (orders.length === 0) return undefined;
        return { stream, key, command: { kind: 'cancel', order: orders[detail % orders.length].id as number, by } };
      case 'command-close': {
        const held = state.engine.positions.filter(({ quantity }) => quantity !== 0);
        if (held.length === 0) return undefined;
        const { slot } = held[detail % held.length];
        const symbols = ports.configuration.universes[account.universe].symbols;
        const owner = strategies[Math.floor(slot / symbols.length)];
        return owner === undefined
          ? undefined
          : { stream, key, command: { kind: 'close', strategy: owner, symbol: symbols[slot % symbols.length], by } };
      }
      default:
        return { stream, key, command: { kind: 'pause', strategy, paused: kind === 'command-pause', by } };
    }
  }

  async #insist(worker: Worker, asked: Asked): Promise<void> {
    const { loop } = this.#world;
    for (let tries = 1; ; tries++) {
      try {
        return await this.#perform(worker.steps, asked);
      } catch (error) {
        if (tries === TRIES || !isPassing(error)) throw error;
        await loop.sleep(worker, TRY_AGAIN_MS);
      }
    }
  }

  async #perform(ports: StepPorts, { stream, key, command }: Asked): Promise<void> {
    const { defect, trader } = this.#world;
    const origin = { principal: trader.principal, idempotencyKey: key, fingerprint: JSON.stringify(command) };
    switch (command.kind) {
      case 'state':
        await (defect.setTradingState ?? setTradingState)(ports, stream, command.to, command.reason, origin);
        return;
      case 'cancel':
        await cancelOrder(ports, stream, command.order, origin);
        return;
      case 'close':
        await closePosition(ports, stream, command.strategy, command.symbol, origin);
        return;
      case 'arm':
        await armLive(ports, stream, armingOf(stream), origin);
        return;
      case 'disarm':
        await disarmLive(ports, stream, 'a person', origin);
        return;
      case 'pause':
        await pause(ports, stream, command.strategy, command.paused, origin);
    }
  }
}

/** Whether an account has more strategies than its process knows of: a release before can do nothing with it, and does nothing. */
function isOutdated({ configuration }: StepPorts, account: Json | undefined): boolean {
  const { paused = [] } = (account as { engine?: { paused?: readonly Json[] } } | undefined)?.engine ?? {};
  return configuration.accounts.some(({ strategies }) => strategies.length < paused.length);
}
