import { invariant, PlimsollError } from '../errors.ts';
import { ParentOrder } from '../execution/algorithms/parent-order.ts';
import { type RecordedVolumes, type VolumeProfiles, volumeProfilesOf } from '../execution/algorithms/volume-profile.ts';
import { refreshEnvelope } from '../execution/envelope.ts';
import { LiveAccount, type LiveSettings, type LiveSnapshot } from '../execution/live/account.ts';
import type { ExecutionModel } from '../execution/model.ts';
import { Order } from '../execution/order.ts';
import { Journal, type JournalPosition } from '../ledger/journal.ts';
import type { TextTableState } from '../ledger/texts.ts';
import { TextTable } from '../ledger/texts.ts';
import { type Bar, barsFromRows } from '../market/bars.ts';
import type { Instrument } from '../market/instrument.ts';
import { type Timeframe, timeframeMs } from '../market/timeframe.ts';
import { EXACT_LIMIT, pow10 } from '../numbers.ts';
import type { Provenance } from '../ports/market-data.ts';
import { type AccountSizing, barsForSizing } from '../risk/account-sizing.ts';
import type { Budget, Grants } from '../risk/budgets.ts';
import { ControlsInForce } from '../risk/controls/index.ts';
import { changesBetween, thresholdsOf } from '../risk/limit-changes.ts';
import type { Limits } from '../risk/limits.ts';
import type { LimitsInForce } from '../risk/limits-in-force.ts';
import { Sizer } from '../risk/sizer.ts';
import { countCloseDue } from '../risk/time-stops.ts';
import type { TradingState } from '../risk/trading-state.ts';
import { RiskWatch, type RiskWatchState } from '../risk/watch.ts';
import type { RunningStrategy, SignalProposal } from '../strategies/runner.ts';
import { StrategyRunner } from '../strategies/runner.ts';
import { MarketColumns } from './market-columns.ts';
import { MarketState, type Stop } from './market-state.ts';
import type { Exposures } from './measure.ts';
import { Position } from './position.ts';

/** Everything that decides what an account does, apart from bars. Two engines with equal definitions and bars write one ledger. */
export interface EngineDefinition {
  /** The ledger stream: `tenant/account`. */
  readonly stream: string;
  readonly provenance: Provenance;
  /** Reporting and settlement currency. */
  readonly currency: string;
  readonly moneyDecimals: number;
  /** First deposit, scaled. */
  readonly cash: number;
  /** First cycle (ms UTC). */
  readonly openedAt: number;
  readonly instruments: readonly Instrument[];
  /** Timeframe of the bars that orders are matched against; strategies may use multiples of it. */
  readonly timeframe: Timeframe;
  readonly strategies: readonly RunningStrategy[];
  readonly limits: Limits;
  /** Limits of the instance that it shares with other accounts: it may use what it was granted of them. */
  readonly budgets?: readonly Budget[];
  /** Methods that make opening orders smaller; without it none does. */
  readonly sizing?: AccountSizing;
  readonly execution: ExecutionModel;
  /** Orders go to a real venue; without it the matching engine plays the venue. */
  readonly live?: LiveSettings;
  /** Hash of the whole configuration that this came from. */
  readonly configurationHash: string;
}

/** What an engine is between two steps, as plain data: the account, its orders, the risk watch; not the strategies. */
export interface EngineSnapshot {
  readonly time: number;
  readonly cash: number;
  readonly nextOrder: number;
  readonly tradingState: TradingState;
  readonly journal: JournalPosition;
  readonly texts: TextTableState;
  readonly watch: RiskWatchState;
  readonly positions: readonly PositionState[];
  readonly markets: readonly MarketSnapshot[];
  readonly paused: readonly boolean[];
  /** Why trading is not active; absent while it is. */
  readonly stopped?: Stop;
  /** Why strategies are paused, by their index; absent while none is. */
  readonly pauses?: readonly (readonly [strategy: number, why: Stop])[];
  /** Intents that passed risk and were not yet executed. */
  readonly intents: readonly OrderState[];
  readonly cancels: readonly CancelRequest[];
  /** The limits that it is under, once they have changed since its opening. */
  readonly limits?: LimitsInForce;
  /** What it was granted of budgets; absent where that is nothing. */
  readonly grants?: Grants;
  /** Instruments whose rules their venue has changed since its opening, by their index. */
  readonly relisted?: readonly (readonly [index: number, Instrument])[];
  /** Of a live account alone. */
  readonly live?: LiveSnapshot;
  /** Where a strategy asks for them. */
  readonly volumes?: readonly RecordedVolumes[];
}

/** A working order that is to be canceled, and why. */
export interface CancelRequest {
  readonly order: number;
  readonly instrument: number;
  readonly reason: string;
}

type PositionState = { readonly slot: number } & { readonly [K in keyof Position]: Position[K] };
type OrderState = { readonly [field: string]: unknown };

interface MarketSnapshot {
  readonly lastPrice: number;
  readonly pricedAt: number;
  readonly nextFunding: number;
  readonly fundingRateMillionths: number;
  readonly mark: number;
  /**
   * Its last bar (timestamp, open, high, low, close, volume), which strategies may still look at, and before it those that
   * controls look back to, oldest first; empty before the first.
   */
  readonly lastBar: readonly number[];
  readonly orders: readonly OrderState[];
  readonly held: readonly OrderState[];
  /** Absent while it may be traded. */
  readonly halted?: Stop;
}

/** Markets that have a bar in the open cycle and take no part in it, since nothing happens in them: who looks at one brings it up. */
export interface MarketsBehind {
  /** Brings a market to the open cycle: its bar, its price, its mark. */
  catchUp(market: MarketState): void;
  /** What {@link exposures} adds up, where it is known without looking at every market. */
  exposures(): Exposures | undefined;
  /** Brings the last prices and the marks of all to it, in the columns. */
  catchUpPrices(): void;
}

export const ENGINE_BOUNDS = { instruments: 4_096, strategies: 1_023 } as const;

/**
 * The state of one account at work, and nothing else: what changes it is in the five steps (cycle.ts). It starts empty, or
 * from a snapshot.
 */
export class Engine {
  readonly definition: EngineDefinition;
  readonly journal = new Journal();
  readonly texts: TextTable;
  readonly columns: MarketColumns;
  readonly markets: MarketState[];
  readonly runners: StrategyRunner[];
  /** By `strategy × instruments + instrument`. */
  readonly positions: Position[];
  readonly watch: RiskWatch;
  /** The sizing methods, where any is configured. */
  readonly sizer: Sizer | undefined;
  /** The controls of the risk line whose limits are set. */
  readonly controls: ControlsInForce;
  readonly moneyScale: number;
  /** Of an account that trades at a real venue. */
  readonly live: LiveAccount | undefined;
  /** Usual volumes by the time of day; undefined where no strategy asks for them. */
  readonly volumes: VolumeProfiles | undefined;
  /** Whether margin has to be thought of. */
  readonly hasPerpetuals: boolean;

  /** The cycle's `asOf` (ms UTC): when its bars closed. */
  time = 0;
  /** Markets that have a bar in this cycle, in declared order: the first `dueCount` places. Never shrinks, for speed. */
  readonly due: MarketState[];
  dueCount = 0;
  cash = 0;
  /** Cash and marks: measured after matching, once a cycle. */
  equity = 0;
  openPositions = 0;
  workingOrders = 0;
  /** Orders that an algorithm works, from risk on. */
  algorithms = 0;
  reservedCash = 0;
  /** Sum of the markets' marks. */
  totalMark = 0;
  nextOrder = 1;
  tradingState: TradingState = 'Active';
  readonly paused: boolean[];
  /** Why trading is not active. No decision reads it. */
  stopped: Stop | undefined;
  /** Why strategies are paused, by their index. No decision reads it. */
  readonly pauses = new Map<number, Stop>();
  /** What the next snapshot is under, and what waits for approval; decisions read the definition's. */
  limits: LimitsInForce | undefined;
  /** What it was granted of the instance's budgets. */
  grants: Grants = {};
  /** Instruments that the next snapshot has in another version than the opening; the markets are those of the definition. */
  relisted: Map<number, Instrument> = new Map();
  /** Set by ingest when this cycle runs long after its time: nothing new is opened on it. */
  lateByMs = 0;

  /** In a backtest that passes over the bars in which nothing happens. */
  behind: MarketsBehind | undefined;

  /** Between signal and risk. */
  proposals: SignalProposal[] = [];
  /** Between risk and execute. */
  intents: Order[] = [];
  cancels: CancelRequest[] = [];
  /** Within risk: the group of orders that each word of a strategy stands for. */
  readonly groups = new Map<string, number>();

  constructor(definition: EngineDefinition) {
    assertDefinition(definition);
    this.definition = definition;
    this.moneyScale = pow10(definition.moneyDecimals);
    this.live = definition.live && new LiveAccount(definition.live);
    const intervalMs = timeframeMs(definition.timeframe);
    this.columns = new MarketColumns(definition.instruments.length);
    this.markets = definition.instruments.map(
      (instrument, index) =>
        new MarketState(
          this.columns,
          index,
          instrument,
          intervalMs,
          definition.limits,
          barsForSizing(definition.sizing),
        ),
    );
    this.hasPerpetuals = this.markets.some(({ isPerpetual }) => isPerpetual);
    this.due = [...this.markets];
    this.positions = Array.from({ length: definition.strategies.length * this.markets.length }, () => new Position());
    this.volumes = volumeProfilesOf(this.markets, definition.strategies);
    this.texts = new TextTable();
    this.watch = new RiskWatch(definition.limits, definition.sizing);
    this.sizer = definition.sizing && new Sizer(definition.sizing, definition.strategies);
    this.controls = new ControlsInForce(definition, this.markets, this.moneyScale);
    this.paused = definition.strategies.map(() => false);
    this.runners = definition.strategies.map((running, index) => new StrategyRunner(index, running, this));
  }

  position(strategy: number, instrument: number): Position {
    return this.positions[strategy * this.markets.length + instrument];
  }

  /** Every strategy's position in an instrument. */
  positionsIn(instrument: number): Position[] {
    return this.definition.strategies.map((_, strategy) => this.position(strategy, instrument));
  }

  /** Index of a text in the stream, defined by an event where it is new. */
  text(value: string): number {
    return this.texts.index(value, this.journal, this.time);
  }

  snapshot(): EngineSnapshot {
    return {
      time: this.time,
      cash: this.cash,
      nextOrder: this.nextOrder,
      tradingState: this.tradingState,
      journal: this.journal.position(),
      texts: this.texts.snapshot(),
      watch: this.watch.snapshot(),
      positions: this.positions.flatMap((position, slot) => (isUntouched(position) ? [] : [{ slot, ...position }])),
      markets: this.markets.map((market) => ({
        lastPrice: market.lastPrice,
        pricedAt: market.pricedAt,
        nextFunding: market.nextFunding,
        fundingRateMillionths: market.fundingRateMillionths,
        mark: market.mark,
        lastBar: lastBarOf(market),
        orders: market.orders.map((order) => ({ ...order })),
        held: market.held.map((order) => ({ ...order })),
        ...(market.halted ? { halted: market.halted } : {}),
      })),
      paused: [...this.paused],
      ...(this.stopped ? { stopped: this.stopped } : {}),
      ...(this.pauses.size > 0 ? { pauses: [...this.pauses] } : {}),
      intents: this.intents.map((intent) => ({ ...intent })),
      cancels: [...this.cancels],
      ...(this.limits ? { limits: this.limits } : {}),
      ...(Object.keys(this.grants).length > 0 ? { grants: this.grants } : {}),
      ...(this.relisted.size > 0 ? { relisted: [...this.relisted] } : {}),
      ...(this.live ? { live: this.live.snapshot() } : {}),
      ...(this.volumes ? { volumes: this.#volumesUpToNow(this.volumes) } : {}),
    };
  }

  /** A backtest that passes over bars has not taken them all. */
  #volumesUpToNow(volumes: VolumeProfiles): RecordedVolumes[] {
    for (const market of this.markets) volumes.take(market);
    return volumes.snapshot();
  }

  restore(snapshot: EngineSnapshot): void {
    assertSameKind(snapshot, this.definition);
    assertUnderLimits(snapshot, this.definition);
    this.limits = snapshot.limits;
    this.grants = snapshot.grants ?? {};
    this.relisted = new Map(snapshot.relisted);
    assertNoMoreThere(snapshot, this.definition);
    assertListed(snapshot, this.definition);
    if (snapshot.live) this.live?.restore(snapshot.live);
    this.time = snapshot.time;
    this.cash = snapshot.cash;
    this.nextOrder = snapshot.nextOrder;
    this.tradingState = snapshot.tradingState;
    this.journal.restore(snapshot.journal);
    this.texts.restore(snapshot.texts);
    this.watch.restore(snapshot.watch);
    this.paused.splice(0, this.paused.length, ...snapshot.paused);
    this.stopped = snapshot.stopped;
    this.pauses.clear();
    for (const [strategy, why] of snapshot.pauses ?? []) this.pauses.set(strategy, why);
    this.positions.forEach((position) => {
      Object.assign(position, new Position());
    });
    for (const { slot, ...state } of snapshot.positions) Object.assign(this.positions[slot], state);
    this.markets.forEach((market, index) => {
      restoreMarket(market, snapshot.markets[index]);
    });
    this.intents = snapshot.intents.map(orderFrom);
    this.cancels = [...snapshot.cancels];
    this.proposals = [];
    this.volumes?.restore(snapshot.volumes ?? []);
    this.#recount();
  }

  /** What is kept beside the state only for speed, counted again from it. */
  #recount(): void {
    const external = [...(this.live?.external.values() ?? [])];
    this.openPositions = [...this.positions, ...external].filter((position) => position.quantity !== 0).length;
    this.workingOrders = 0;
    this.algorithms = 0;
    this.reservedCash = 0;
    this.totalMark = 0;
    for (const market of this.markets) {
      market.netQuantity = 0;
      market.netCost = 0;
      market.longQuantity = 0;
      market.shortQuantity = 0;
      for (let s = 0; s < this.runners.length; s++) countPosition(market, this.position(s, market.index));
      const adopted = this.live?.external.get(market.index);
      if (adopted) countPosition(market, adopted);
      market.reservedBuys = 0;
      market.reservedSells = 0;
      this.totalMark += market.mark;
      for (const order of market.orders) this.#countOrder(market, order);
      for (const order of market.held) this.#countOrder(market, order);
      refreshEnvelope(this, market);
      countCloseDue(this, market);
    }
    for (const order of this.intents) this.#countOrder(this.markets[order.instrument], order);
    this.equity = this.cash + this.totalMark;
  }

  #countOrder(market: MarketState, order: Order): void {
    this.workingOrders++;
    if (order.isParent) this.algorithms++;
    this.reservedCash += order.reserved;
    if (order.exposure > 0) {
      if (order.side === 'buy') market.reservedBuys += order.exposure;
      else market.reservedSells += order.exposure;
    }
  }
}

function countPosition(market: MarketState, { quantity, cost }: Position): void {
  market.netQuantity += quantity;
  market.netCost += cost;
  market.longQuantity += Math.max(0, quantity);
  market.shortQuantity += Math.max(0, -quantity);
}

/** Paper and live never share an account. */
function assertSameKind({ live }: EngineSnapshot, definition: EngineDefinition): void {
  if ((live === undefined) === (definition.live === undefined)) return;
  const [before, now] = live === undefined ? ['paper', 'live'] : ['live', 'paper'];
  throw new PlimsollError(
    'ACCOUNT_KIND_CHANGED',
    `the account ${definition.stream} was opened as a ${before} account and is now configured as a ${now} one`,
    `give the ${now} account an id of its own`,
    { kept: 'its ledger is untouched' },
  );
}

/** For the moments in which another process has taken over a configuration that this one does not have. */
function assertNoMoreThere(
  { paused, markets }: EngineSnapshot,
  { stream, strategies, instruments }: EngineDefinition,
): void {
  if (paused.length <= strategies.length && markets.length === instruments.length) return;
  throw new PlimsollError(
    'CONFIGURATION_NOT_IN_FORCE',
    `the account ${stream} runs ${paused.length} strategies in ${markets.length} instruments, and this process knows ${strategies.length} in ${instruments.length}`,
    'use the release and the configuration that the account runs under',
    { kept: 'the account is as it was' },
  );
}

/** Whoever builds an engine for an account that is under other limits than its configuration has must have taken those. */
function assertUnderLimits({ limits }: EngineSnapshot, definition: EngineDefinition): void {
  if (!limits) return;
  const [other] = changesBetween(limits.thresholds, thresholdsOf(definition));
  if (!other) return;
  throw new PlimsollError(
    'LIMITS_NOT_IN_FORCE',
    `${definition.stream} is under another ${other.limit} than it was about to be worked with`,
    'report this',
    { kept: 'the account is as it was' },
  );
}

/** Whoever builds an engine for an account must have taken its instruments as they are listed now. */
function assertListed({ relisted = [] }: EngineSnapshot, { stream, instruments }: EngineDefinition): void {
  for (const [index, { version, symbol }] of relisted)
    invariant(instruments[index].version === version, `${stream} trades version ${version} of ${symbol}`);
}

function isUntouched(position: Position): boolean {
  return (
    position.quantity === 0 &&
    position.realised === 0 &&
    position.fees === 0 &&
    position.funding === 0 &&
    Number.isNaN(position.target)
  );
}

function orderFrom(state: OrderState): Order {
  return Object.assign('algorithm' in state ? new ParentOrder() : new Order(), state);
}

function lastBarOf(market: MarketState): number[] {
  return market
    .barsBack()
    .flatMap(({ timestamp, open, high, low, close, volume }) => [timestamp, open, high, low, close, volume]);
}

function restoreMarket(market: MarketState, state: MarketSnapshot): void {
  market.lastPrice = state.lastPrice;
  market.pricedAt = state.pricedAt;
  market.nextFunding = state.nextFunding;
  market.fundingRateMillionths = state.fundingRateMillionths;
  market.mark = state.mark;
  const rows: Bar[] = [];
  for (let k = 0; k + 5 < state.lastBar.length; k += 6) {
    const [timestamp, open, high, low, close, volume] = state.lastBar.slice(k, k + 6);
    rows.push({ timestamp, open, high, low, close, volume });
  }
  market.useBars(barsFromRows(rows, market.instrument.priceDecimals));
  market.at = rows.length - 1;
  market.orders = state.orders.map(orderFrom);
  market.held = state.held.map(orderFrom);
  market.halted = state.halted;
}

function assertDefinition(definition: EngineDefinition): void {
  const { instruments, strategies, cash, currency } = definition;
  if (instruments.length === 0 || instruments.length > ENGINE_BOUNDS.instruments) {
    throw new PlimsollError(
      'UNIVERSE_SIZE',
      `a universe has ${instruments.length} instruments`,
      `give it 1 to ${ENGINE_BOUNDS.instruments}`,
    );
  }
  if (strategies.length === 0 || strategies.length > ENGINE_BOUNDS.strategies) {
    throw new PlimsollError(
      'STRATEGY_COUNT',
      `an account runs ${strategies.length} strategies`,
      `give it 1 to ${ENGINE_BOUNDS.strategies}`,
    );
  }
  if (!Number.isInteger(cash) || cash <= 0 || cash >= EXACT_LIMIT) {
    throw new PlimsollError(
      'CASH_OUT_OF_RANGE',
      `the first deposit is ${cash} in scaled units`,
      'deposit a positive amount below 9,007,199,254,740,992 units',
    );
  }
  const symbols = instruments.map((instrument) => instrument.symbol);
  const twice = symbols.find((symbol, index) => symbols.indexOf(symbol) !== index);
  if (twice)
    throw new PlimsollError('INSTRUMENT_TWICE', `the universe names ${twice} twice`, 'name each instrument once');
  if (definition.live) assertLive(definition);
  for (const instrument of instruments) {
    if (instrument.type === 'inverse-perpetual' || instrument.type === 'option' || instrument.type === 'future') {
      throw new PlimsollError(
        'INSTRUMENT_UNSUPPORTED',
        `${instrument.symbol} is of type ${instrument.type}, which is not traded yet`,
        'trade spot, equities, currency pairs or linear perpetuals',
      );
    }
    if (instrument.settlement !== currency || instrument.moneyDecimals !== definition.moneyDecimals) {
      throw new PlimsollError(
        'SETTLEMENT_MISMATCH',
        `${instrument.symbol} settles in ${instrument.settlement} and the account is in ${currency}`,
        'trade it in an account of its own currency',
      );
    }
  }
}

function assertLive({ stream, provenance }: EngineDefinition): void {
  if (provenance !== 'live') {
    throw new PlimsollError(
      'LIVE_WITHOUT_LIVE_DATA',
      `the live account ${stream} would decide on ${provenance} data`,
      'give it a universe of a venue with live prices, or leave `live` out of it for a paper account',
    );
  }
}
