import { createHash } from 'node:crypto';
import type { EngineDefinition } from '../engine/engine.ts';
import { PlimsollError } from '../errors.ts';
import { canonicalJson } from '../json.ts';
import type { Instrument } from '../market/instrument.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { nearest } from '../nearest.ts';
import { parseDecimal } from '../numbers.ts';
import type { Provenance } from '../ports/market-data.ts';
import { BUDGETS } from '../risk/budgets.ts';
import { findStrategy, parseParams, type StrategyRegistry } from '../strategies/registry.ts';
import type { RunningStrategy } from '../strategies/runner.ts';
import type { AccountConfiguration, Configuration } from './schema.ts';

/** Everything of an account's definition that the configuration does not say itself. */
export interface DefinitionInput {
  readonly configuration: Configuration;
  readonly account: AccountConfiguration;
  /** As the venue defines them, in the order of the universe. */
  readonly instruments: readonly Instrument[];
  readonly provenance: Provenance;
  readonly registry: StrategyRegistry;
  /** First cycle, ms UTC. */
  readonly openedAt: number;
}

/** The ledger stream of an account: `tenant/account`. */
export const streamOf = (configuration: Configuration, account: AccountConfiguration): string =>
  `${configuration.instance.tenant}/${account.id}`;

/** What an engine is built from. Throws what is inconsistent, naming it. */
export function definitionOf(input: DefinitionInput): EngineDefinition {
  const { configuration, account } = input;
  const universe = universeOf(configuration, account);
  return {
    stream: streamOf(configuration, account),
    provenance: input.provenance,
    currency: account.currency,
    moneyDecimals: account.moneyDecimals,
    cash: parseDecimal(account.cash, account.moneyDecimals),
    openedAt: input.openedAt,
    instruments: input.instruments.map((instrument) => asCountedBy(account, instrument)),
    timeframe: universe.timeframe as Timeframe,
    strategies: runningStrategies(input, universe),
    limits: account.limits,
    execution: account.execution,
    ...sizingOf(account),
    ...budgetsOf(configuration),
    ...(account.live ? { live: account.live } : {}),
    configurationHash: configurationHash(account, universe, configuration.budgets),
  };
}

function budgetsOf({ budgets }: Configuration): Pick<EngineDefinition, 'budgets'> {
  const configured = BUDGETS.filter((budget) => budgets?.[budget] !== undefined);
  return configured.length > 0 ? { budgets: configured } : {};
}

function sizingOf({ sizing, strategies }: AccountConfiguration): Pick<EngineDefinition, 'sizing'> {
  const own = strategies.flatMap(({ strategy, id = strategy, sizing }) => (sizing ? [[id, sizing] as const] : []));
  if (!sizing && own.length === 0) return {};
  return { sizing: { ...(sizing ? { account: sizing } : {}), strategies: Object.fromEntries(own) } };
}

/** The universe that an account trades. Throws `UNIVERSE_UNKNOWN`. */
export function universeOf(
  configuration: Configuration,
  account: AccountConfiguration,
): Configuration['universes'][string] {
  const universe = configuration.universes[account.universe];
  if (universe) return universe;
  throw new PlimsollError(
    'UNIVERSE_UNKNOWN',
    `the account "${account.id}" trades the universe "${account.universe}", which is not configured`,
    `use ${nearest(account.universe, Object.keys(configuration.universes))}`,
  );
}

type Universe = Configuration['universes'][string];
type Budgets = Configuration['budgets'];

/** What the hash of an account was last made with: a configuration that was read is not changed. */
const hashes = new WeakMap<AccountConfiguration, { universe: Universe; budgets: Budgets; hash: string }>();

/** Hash of what an account runs under: equal for equal meaning, wherever and in whatever file it was written. */
function configurationHash(account: AccountConfiguration, universe: Universe, budgets: Budgets): string {
  const known = hashes.get(account);
  if (known && known.universe === universe && known.budgets === budgets) return known.hash;
  const hash = hashOfMeaning(account, universe, budgets);
  hashes.set(account, { universe, budgets, hash });
  return hash;
}

function hashOfMeaning(
  { limitsChange: _, ...account }: AccountConfiguration,
  universe: Universe,
  budgets: Budgets,
): string {
  const meaning = JSON.parse(
    JSON.stringify({ account, symbols: universe.symbols, timeframe: universe.timeframe, budgets }),
  );
  return createHash('sha256').update(canonicalJson(meaning)).digest('hex');
}

/** An instrument as its venue lists it, as an account counts it: in the decimals of its money, and with its fees where it has some. */
export function asCountedBy({ fees, moneyDecimals }: AccountConfiguration, listed: Instrument): Instrument {
  const { minNotional } = listed;
  const scale = 10 ** (moneyDecimals - listed.moneyDecimals);
  return {
    ...listed,
    ...(fees ? { makerFeeBps: fees.makerBps, takerFeeBps: fees.takerBps } : {}),
    ...(minNotional === undefined ? {} : { minNotional: Math.ceil(minNotional * scale) }),
    moneyDecimals,
  };
}

function runningStrategies(
  { account, registry }: DefinitionInput,
  universe: Configuration['universes'][string],
): RunningStrategy[] {
  const running = account.strategies.map((configured): RunningStrategy => {
    const { definition, codeHash } = findStrategy(registry, configured.strategy);
    return {
      id: configured.id ?? configured.strategy,
      definition,
      params: parseParams(definition, configured.params),
      codeHash,
      instruments: configured.instruments ?? universe.symbols,
      timeframe: (configured.timeframe ?? universe.timeframe) as Timeframe,
      allocation: configured.allocation,
    };
  });
  const ids = running.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice) {
    throw new PlimsollError(
      'STRATEGY_TWICE',
      `the account "${account.id}" runs two strategies as "${twice}"`,
      'give one of them an id of its own',
    );
  }
  return running;
}
