/** The world of a seed: accounts, instruments, strategies, limits, and the configurations that are deployed one after the other. */
import { type Configuration, type ConfigurationInput, configurationSchema } from '../core/configuration/schema.ts';
import { type Instrument, instrument } from '../core/market/instrument.ts';
import type { LimitsInput } from '../core/risk/limits.ts';
import type { SimulatedExchangeOptions } from './ports/exchange.ts';
import { mix, Random } from './random.ts';

export interface Scenario {
  /** ms UTC. */
  readonly start: number;
  readonly runtime: 'cloud' | 'laptop';
  readonly instruments: readonly Instrument[];
  /** The one in force at the start, and those that are deployed later, in turn. */
  readonly configurations: readonly Configuration[];
  /** The exchange at which the first account trades, where that is a live one. */
  readonly exchange?: ExchangeScenario;
}

/** How an exchange is, from seed to seed. */
export interface ExchangeScenario extends Pick<SimulatedExchangeOptions, 'capabilities' | 'feeIn' | 'latestMs'> {
  /** Of its clock, against the true time; ms. */
  readonly skewMs: number;
}

export const UNIVERSE = 'main';
export const TIMEFRAME = '1m';
export const EVERY_MS = 60_000;
/** Ten minutes before midnight UTC, so that a day ends within the run. */
const START = Date.UTC(2026, 0, 5, 23, 56);

/**
 * Share of accounts with a strategy that writes more events than a commit holds: in one seed of so many most of them have one. Where
 * an account is live it is also the one that has the most to cancel.
 */
const SWARMS = { oneSeedIn: 8, oneLiveSeedIn: 3, most: 0.9, few: 0.02 } as const;

/** Of so many seeds one has a live account, the first. */
const LIVE_ONE_SEED_IN = 6;
/** An order that cannot be asked for may go live as long as a worker may stand still and its request be on its way. */
const LIVE = {
  marginMs: 1_000,
  lostAfterMs: 300_000,
  first: { maxOrderNotional: 5_000, maxExposure: 20_000 },
} as const;
/** How long a request may be on its way to an exchange that bounds it not; ms. */
const LATEST_REQUEST_MS = 60_000;
/** Of an exchange's clock; ms. */
const MOST_SKEW_MS = 20_000;

export function scenarioOf(seed: number): Scenario {
  const random = new Random(seed, 101);
  const isLive = mix(seed, 104) % LIVE_ONE_SEED_IN === 0;
  const instruments = isLive ? spotsOf(random) : instrumentsOf(random);
  const oneIn = isLive ? SWARMS.oneLiveSeedIn : SWARMS.oneSeedIn;
  const swarms = mix(seed, 103) % oneIn === 0 ? SWARMS.most : SWARMS.few;
  const accounts = accountsOf(random, instruments, swarms, isLive);
  return {
    start: START,
    runtime: random.chance(0.3) ? 'laptop' : 'cloud',
    instruments,
    configurations: [accounts, ...changesOf(random, accounts)].map((each) => configured(instruments, each)),
    ...(isLive ? { exchange: exchangeOf(random) } : {}),
  };
}

type Account = NonNullable<ConfigurationInput['accounts']>[number];

const spotOf = (base: string): Instrument =>
  instrument({
    symbol: `${base}/USD`,
    venue: 'simulated',
    base,
    quote: 'USD',
    settlement: 'USD',
    quantityDecimals: 4,
    moneyDecimals: 4,
    makerFeeBps: 2,
    takerFeeBps: 7.5,
    borrowBpsPerYear: 500,
  });

const spotsOf = (random: Random): Instrument[] => ['AAA', 'CCC'].slice(0, random.between(1, 2)).map(spotOf);

function exchangeOf(random: Random): ExchangeScenario {
  const requestValidityMs = random.pick([5_000, 150_000, undefined]);
  const holdsStops = random.chance(0.5);
  return {
    capabilities: {
      orderTypes: holdsStops ? ['market', 'limit', 'stop'] : ['market', 'limit'],
      timesInForce: ['gtc', 'ioc', 'fok', 'day'],
      postOnly: true,
      reduceOnly: false,
      holdsStops,
      clientOrderId: /^[a-z0-9]{1,36}$/,
      clientOrderIdReuse: random.pick(['never', 'after-close', 'always'] as const),
      requestValidityMs,
      remembersClosedMs: 86_400_000,
    },
    feeIn: random.pick(['settlement', 'base'] as const),
    latestMs: requestValidityMs === undefined ? LATEST_REQUEST_MS : requestValidityMs * 1.2,
    skewMs: random.chance(0.5) ? 0 : random.between(-MOST_SKEW_MS, MOST_SKEW_MS),
  };
}

function instrumentsOf(random: Random): Instrument[] {
  const spot = spotOf('AAA');
  const perpetual = instrument({
    symbol: 'BBB-PERP',
    venue: 'simulated',
    type: 'linear-perpetual',
    base: 'BBB',
    quote: 'USD',
    settlement: 'USD',
    quantityDecimals: 3,
    moneyDecimals: 4,
    makerFeeBps: -1,
    takerFeeBps: 4,
    initialMarginBps: 2_000,
    maintenanceMarginBps: 1_000,
    fundingIntervalMs: 240_000,
  });
  return random.chance(0.5) ? [spot, perpetual] : random.chance(0.5) ? [spot] : [perpetual];
}

function accountsOf(random: Random, instruments: readonly Instrument[], swarms: number, isLive: boolean): Account[] {
  const symbols = instruments.map(({ symbol }) => symbol);
  return Array.from({ length: random.between(1, 2) }, (_, k) => ({
    id: `account-${k + 1}`,
    universe: UNIVERSE,
    currency: 'USD',
    moneyDecimals: 4,
    cash: 10_000,
    strategies: strategiesOf(random, symbols, swarms),
    ...(isLive && k === 0 ? { live: LIVE, limits: liveLimitsOf(random) } : { limits: limitsOf(random) }),
    execution: {
      slippageBps: random.pick([0, 3]),
      spreadBps: random.pick([0, 2]),
      fundingBps: random.pick([-3, 0, 5]),
      ...(random.chance(0.4) ? { volumeShare: { limit: 0.3, impactBps: 10 } } : {}),
    },
  }));
}

function strategiesOf(random: Random, symbols: readonly string[], swarms: number): Account['strategies'] {
  const restless = (id: string) => ({
    id,
    strategy: 'sim-restless',
    params: { salt: random.below(1_000), size: random.pick([0.2, 0.5, 0.9]), short: random.chance(0.5) },
    allocation: random.pick([0.3, 0.6, 1]),
  });
  const crossing = {
    id: 'crossing',
    strategy: 'sim-crossing',
    allocation: random.pick([0.4, 0.8]),
    instruments: [random.pick(symbols)],
  };
  const swarming = { id: 'swarming', strategy: 'sim-swarming', params: { salt: random.below(1_000) }, allocation: 0.5 };
  const [first, second] = [restless('first'), restless('second')];
  const draw = random.next();
  if (draw < swarms) return [first, swarming];
  return draw < 0.6 ? [first, crossing] : draw < 0.8 ? [first, second] : [first];
}

function limitsOf(random: Random): LimitsInput {
  return {
    maxGrossExposure: random.pick([0.5, 0.9, 1.4]),
    maxNetExposure: random.pick([0.4, 0.8, 1.2]),
    allowShort: random.chance(0.6),
    oversize: random.pick(['reduce', 'deny']),
    maxWorkingOrders: random.pick([6, 500]),
    ...(random.chance(0.5) ? { maxOrderNotional: random.pick([800, 3_000]) } : {}),
    ...(random.chance(0.4) ? { maxPositionNotional: random.pick([2_000, 4_000]) } : {}),
    ...(random.chance(0.3) ? { maxDailyLoss: 0.01 } : {}),
    ...(random.chance(0.3) ? { maxDrawdown: 0.01 } : {}),
    ...(random.chance(0.2) ? { haltDrawdown: 0.03 } : {}),
    ...(random.chance(0.2) ? { maxRepeatedExecutions: 4, losingStreak: { trades: 2, pauseMs: 120_000 } } : {}),
  };
}

/** Without what stops an account by itself, so that there are orders. */
function liveLimitsOf(random: Random): LimitsInput {
  const { maxGrossExposure, maxNetExposure, allowShort, oversize, maxWorkingOrders } = limitsOf(random);
  return { maxGrossExposure, maxNetExposure, allowShort, oversize, maxWorkingOrders };
}

/** Other limits, then other parameters of a strategy, then one more strategy. */
function changesOf(random: Random, accounts: readonly Account[]): Account[][] {
  const limits = accounts.map((account) => ({
    ...account,
    limits: account.live ? liveLimitsOf(random) : limitsOf(random),
  }));
  const parameters = limits.map((account) => ({
    ...account,
    strategies: account.strategies.map((each) =>
      each.strategy === 'sim-restless' ? { ...each, params: { ...each.params, salt: random.below(1_000) } } : each,
    ),
  }));
  const added = parameters.map((account) => ({
    ...account,
    strategies: [
      ...account.strategies,
      { id: 'added', strategy: 'sim-crossing', params: { fast: 2, slow: 4 }, allocation: 0.3 },
    ],
  }));
  return [limits, parameters, added];
}

function configured(instruments: readonly Instrument[], accounts: readonly Account[]): Configuration {
  return configurationSchema.parse({
    venues: { simulated: { kind: 'simulated' } },
    universes: {
      [UNIVERSE]: { venue: 'simulated', symbols: instruments.map(({ symbol }) => symbol), timeframe: TIMEFRAME },
    },
    accounts: [...accounts],
    schedule: { delayMs: 2_000, deadlineMs: 20_000, maxCatchUp: 6, staleAfterMs: 150_000 },
  });
}
