/** Which data each account trades on: what the configuration says, what the command line says, and what can be reached. */
import { openCcxtVenue } from '../adapters/venues/ccxt/any.ts';
import type { Probe } from '../adapters/venues/ccxt/market-data.ts';
import { SIMULATED_SYMBOLS, SimulatedVenue } from '../adapters/venues/simulated.ts';
import { universeOf } from '../core/configuration/definition.ts';
import type { AccountConfiguration, Configuration, VenueConfiguration } from '../core/configuration/schema.ts';
import { PlimsollError } from '../core/errors.ts';
import type { Timeframe } from '../core/market/timeframe.ts';
import { timeframeMs, timeframeOf } from '../core/market/timeframe.ts';
import type { MarketDataPort } from '../core/ports/market-data.ts';
import type { SecretsPort } from '../core/ports/secrets.ts';
import type { StrategyRegistry } from '../core/strategies/registry.ts';
import { accountsOn, coverageOf, readRecording } from './recorded-accounts.ts';
import { type RecordedFeed, recordedFeed } from './recorded-feed.ts';

export type VenueChoice = 'live' | 'simulated' | 'replay';

export interface ChoiceOptions {
  /** Without it, what the configuration says, and simulated where a live venue cannot be reached. */
  readonly venue?: VenueChoice;
  /** Recorded bars for `replay`. */
  readonly bars?: string;
  readonly symbols?: readonly string[];
  /** Cycles a second for `replay`; 0 is as fast as it goes. */
  readonly speed?: number;
  readonly now: () => number;
  /** Where the keys of venues are that give no bars without one. */
  readonly secrets: Pick<SecretsPort, 'get'>;
}

/** An account with the venue that it trades on. */
export interface TradedAccount {
  readonly account: AccountConfiguration;
  readonly venue: MarketDataPort;
  /** Where the bars are recorded ones, how they come. */
  readonly feed?: RecordedFeed;
}

/** What is run: the configuration as the choice has made it, and its accounts. */
export interface Effective {
  readonly configuration: Configuration;
  readonly accounts: readonly TradedAccount[];
  /** One line for each choice that was not the configuration's own. */
  readonly notes: readonly string[];
}

/** How long a venue may take to answer before it counts as out of reach. */
const PROBE_MS = 4_000;
/** Of the simulated exchange where it stands in for a live one: a new user sees trades within minutes. */
const SIMULATED_TIMEFRAME: Timeframe = '5s';
const SIMULATED_SCHEDULE = { delayMs: 250, deadlineMs: 2_000, staleAfterMs: 60_000 } as const;

/** Decides and opens the venues. Throws `VENUE_UNAVAILABLE` where `live` was asked for and cannot be had. */
export async function chooseVenues(
  configuration: Configuration,
  registry: StrategyRegistry,
  options: ChoiceOptions,
): Promise<Effective> {
  if (options.venue === 'replay') return replayed(configuration, registry, options);
  const venues = new Map<string, OpenedVenue>();
  for (const name of new Set(configuration.accounts.map((account) => universeOf(configuration, account).venue))) {
    venues.set(name, await openVenue(name, configuration, options));
  }
  let effective = configuration;
  const notes: string[] = [];
  const accounts: TradedAccount[] = [];
  for (const account of configuration.accounts) {
    const { venue: name } = universeOf(configuration, account);
    const opened = venues.get(name)!;
    const venueOf = configuration.venues[name];
    if (venueOf.kind === 'replay') {
      const { file, barsPerSecond } = venueOf;
      const recording = await readRecording(file);
      const { symbols, missing } = coverageOf(recording, configuration, account);
      const traded = missing.length === 0 ? symbols : [...recording.bars.keys()];
      const feed = recordedFeed(paperOf(account), registry, { file, recording, symbols: traded, barsPerSecond });
      effective = withAccount(effective, account, feed);
      accounts.push({ account: feed.account, venue: feed.venue, feed });
    } else if (opened.venue && (opened.isReached || account.live)) {
      // Real positions stay where they are, so their account does too: it is asked for its venue again and again.
      if (!opened.isReached)
        notes.push(`${opened.reason} "${account.id}" waits for it, and nothing is sent until then.`);
      accounts.push({ account, venue: opened.venue });
    } else {
      const stand = standIn(account, configuration, options.now);
      effective = withAccount(effective, account, stand);
      effective = { ...effective, schedule: { ...effective.schedule, ...SIMULATED_SCHEDULE } };
      notes.push(
        `${opened.reason} "${account.id}" trades${account.live ? ' paper money' : ''} on the built-in simulated exchange instead (invented prices, ${SIMULATED_TIMEFRAME} bars), as "${stand.account.id}".`,
      );
      accounts.push({ account: stand.account, venue: stand.venue });
    }
  }
  return { configuration: effective, accounts, notes };
}

interface Replacement {
  readonly account: AccountConfiguration;
  readonly venueConfiguration: VenueConfiguration;
  readonly symbols: string[];
  readonly timeframe: string;
}

/** The configuration with one account on another venue and universe, which carry its id. */
function withAccount(configuration: Configuration, old: AccountConfiguration, made: Replacement): Configuration {
  const { id } = made.account;
  return {
    ...configuration,
    venues: { ...configuration.venues, [id]: made.venueConfiguration },
    universes: { ...configuration.universes, [id]: { venue: id, symbols: made.symbols, timeframe: made.timeframe } },
    accounts: configuration.accounts.map((account) => (account.id === old.id ? made.account : account)),
  };
}

async function replayed(
  configuration: Configuration,
  registry: StrategyRegistry,
  options: ChoiceOptions,
): Promise<Effective> {
  if (options.bars === undefined)
    throw new PlimsollError('USAGE', '--venue replay needs recorded bars', 'name the file with --bars');
  const { bars: file, symbols: named = [], speed: barsPerSecond = 0 } = options;
  const recording = await readRecording(file, named);
  const { served, notes } = accountsOn(recording, configuration, named);
  let effective: Configuration = { ...configuration, accounts: served.map(({ account }) => account) };
  const accounts = served.map(({ account, symbols }): TradedAccount => {
    const feed = recordedFeed(paperOf(account), registry, { file, recording, symbols, barsPerSecond });
    effective = withAccount(effective, account, feed);
    return { account: feed.account, venue: feed.venue, feed };
  });
  return { configuration: effective, accounts, notes };
}

interface OpenedVenue {
  readonly venue: MarketDataPort | undefined;
  readonly isReached: boolean;
  /** Why it is not. */
  readonly reason: string;
}

async function openVenue(
  name: string,
  configuration: Configuration,
  { venue: choice, now, secrets }: ChoiceOptions,
): Promise<OpenedVenue> {
  const venue: VenueConfiguration = configuration.venues[name];
  const absent = { venue: undefined, isReached: false };
  if (choice === 'simulated' && venue.kind !== 'simulated') return { ...absent, reason: 'As you asked,' };
  if (venue.kind === 'simulated')
    return { venue: new SimulatedVenue({ venue: name, seed: String(venue.seed), now }), isReached: true, reason: '' };
  if (venue.kind === 'replay') return { ...absent, reason: '' };
  const opened = await openOverNetwork(name, venue, secrets);
  const probe = await opened.probe(PROBE_MS);
  if (probe.reachable) return { venue: opened, isReached: true, reason: '' };
  const reason = `The venue ${name} cannot be reached (no network?):`;
  const isLive = configuration.accounts.some(
    (account) => account.live && universeOf(configuration, account).venue === name,
  );
  if (isLive) return { venue: opened, isReached: false, reason };
  await opened.close();
  if (choice === 'live') {
    throw new PlimsollError(
      'VENUE_UNAVAILABLE',
      `the venue ${name} cannot be reached (${probe.reason})`,
      'check the network, or start with --venue simulated',
      { kept: 'nothing was started' },
    );
  }
  return { ...absent, reason };
}

async function openOverNetwork(
  name: string,
  venue: Extract<VenueConfiguration, { kind: 'ccxt' | 'alpaca' | 'oanda' }>,
  secrets: ChoiceOptions['secrets'],
): Promise<MarketDataPort & { probe(timeoutMs: number): Promise<Probe> }> {
  if (venue.kind === 'alpaca')
    return (await import('../adapters/venues/alpaca/configured.ts')).openConfigured(name, venue, secrets);
  if (venue.kind === 'oanda')
    return (await import('../adapters/venues/oanda/configured.ts')).openConfigured(name, venue, secrets);
  return openCcxtVenue(venue.exchange, {
    venue: name,
    timeoutMs: venue.timeoutMs,
    markets: [venue.market],
    ...(venue.baseUrl === undefined ? {} : { baseUrl: venue.baseUrl }),
  });
}

/** The same account with paper money: what is invented or recorded never moves real money. */
const paperOf = ({ live: _, ...paper }: AccountConfiguration): AccountConfiguration => paper;

/** A strategy's own timeframe is as many bars of the simulated exchange as it was of its universe, so that it is warm as soon. */
const scaled = (own: string, from: string, to: string): Timeframe =>
  timeframeOf((timeframeMs(own) / timeframeMs(from)) * timeframeMs(to));

/** An account of its own on the simulated exchange: live and simulated figures never share one. */
function standIn(
  account: AccountConfiguration,
  configuration: Configuration,
  now: () => number,
): Replacement & { venue: MarketDataPort } {
  const universe = universeOf(configuration, account);
  const id = `${account.id}-simulated`;
  const listed = universe.symbols.filter((symbol) => SIMULATED_SYMBOLS.includes(symbol));
  const symbols = listed.length > 0 ? listed : [...SIMULATED_SYMBOLS];
  const timeframe =
    timeframeMs(universe.timeframe) % timeframeMs(SIMULATED_TIMEFRAME) === 0 ? SIMULATED_TIMEFRAME : universe.timeframe;
  return {
    account: {
      ...paperOf(account),
      id,
      universe: id,
      currency: 'USDT',
      strategies: account.strategies.map((strategy) => {
        const kept = strategy.instruments?.filter((symbol) => symbols.includes(symbol));
        return {
          ...strategy,
          instruments: kept && kept.length > 0 ? kept : undefined,
          ...(strategy.timeframe ? { timeframe: scaled(strategy.timeframe, universe.timeframe, timeframe) } : {}),
        };
      }),
    },
    venueConfiguration: { kind: 'simulated', seed: 1 },
    symbols,
    timeframe,
    venue: new SimulatedVenue({ venue: id, seed: '1', now }),
  };
}
