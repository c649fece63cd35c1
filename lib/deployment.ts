/** What is bundled into the functions of one deployment: its configuration, its strategies, its exchanges. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadStrategies, type StrategySource, strategySources } from '../adapters/files/strategy-sources.ts';
import { ccxtSourceOf } from '../adapters/venues/ccxt/any.ts';
import { credentialsOf } from '../adapters/venues/execution-kind.ts';
import { EXECUTION_VENUES } from '../adapters/venues/execution-venues.ts';
import { universeOf } from '../core/configuration/definition.ts';
import type { Configuration, VenueConfiguration } from '../core/configuration/schema.ts';
import { PlimsollError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { findStrategy, parseParams, type StrategyRegistry } from '../core/strategies/registry.ts';
import { modelsIn, trialsAt } from '../platform/models/strategies-at-hand.ts';
import type { WatchedModel } from '../platform/models/watch-file.ts';
import { FileImports, versionSource } from './bundled-version-source.ts';
import { assertNoBatches } from './deployed-batches.ts';
import { type DeployedEndpoint, deployedEndpoints } from './deployed-endpoints.ts';
import { type BundledModel, type BundledVersion, bundledModels } from './deployed-models.ts';
import { type DeployedWatch, deployedWatch } from './deployed-watch.ts';
import type { EndpointsFile } from './endpoints-file.ts';
import { ingestTimeoutMs, scheduleExpression } from './schedule.ts';
import { writeToldModels } from './told-models.ts';

const root = resolve(import.meta.dirname, '..');
/** What is written for a deployment; git ignores it. */
const CACHE = join(root, '.cache/deployments');

/** The exchanges with an adapter file of their own; of others, a function carries ccxt's. */
const EXCHANGES: Readonly<Record<string, string>> = {
  binance: 'openBinance',
  bybit: 'openBybit',
  coinbase: 'openCoinbase',
  kraken: 'openKraken',
  okx: 'openOkx',
};

export interface Deployment {
  readonly configuration: Configuration;
  readonly version: string;
  /** The file behind `plimsoll-deployment`: for every function. */
  readonly deploymentModule: string;
  /** The file behind `plimsoll-exchanges`: for the one that asks venues. */
  readonly exchangesModule: string;
  /** The file behind `plimsoll-execution`: for those that trade at venues. */
  readonly executionModule: string;
  /** The file behind `plimsoll-models`: for the one that serves the API. */
  readonly modelsFile: string;
  /** Whether a model of it is evaluated by ONNX Runtime. */
  readonly needsOnnx: boolean;
  /** Of the models that need a server of their own. */
  readonly endpoints: readonly DeployedEndpoint[];
  /** Of the models that are looked at by a schedule; undefined where none is. */
  readonly watch: DeployedWatch | undefined;
  /** The venues that live accounts trade at, by their configured names. */
  readonly liveVenues: readonly LiveVenue[];
  /** The secrets with keys of venues, by what is done with them. */
  readonly secrets: readonly VenueSecret[];
}

interface LiveVenue {
  readonly name: string;
  /** The name of the secret with its keys. */
  readonly credentials: string;
  readonly timeoutMs: number;
}

/** Venues may share one: an account at Alpaca has the same keys for shares and for crypto. */
export interface VenueSecret {
  readonly credentials: string;
  /** Whether live accounts trade with it. */
  readonly isTraded: boolean;
  /** Whether bars are asked for with it. */
  readonly givesBars: boolean;
}

/**
 * Checks what only a deployment asks of a configuration, and writes the modules to a folder that git ignores.
 * @param folder where `strategies/` lies
 * @param file where models are served that need a server of their own
 * @param watch the models that are looked at by a schedule
 */
export async function prepareDeployment(
  configuration: Configuration,
  folder: string = root,
  file?: EndpointsFile,
  watch?: readonly WatchedModel[],
): Promise<Deployment> {
  const registry = await loadStrategies(folder);
  assertDeployable(configuration, registry);
  assertNoBatches(configuration, registry);
  const directory = resolve(folder, configuration.dataDirectory);
  const models = modelsIn(directory, { readOnly: true });
  const trials = trialsAt(directory);
  const bundled = await bundledModels(configuration, registry, { models, trials }, join(CACHE, 'models'));
  const endpoints = await deployedEndpoints(bundled, {
    ...{ file, models, instance: configuration.instance.name, folder: join(CACHE, 'endpoints') },
  });
  const watched =
    watch && (await deployedWatch(bundled, { wanted: watch, models, configuration, folder: join(CACHE, 'watched') }));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return {
    configuration,
    version,
    deploymentModule: writeModule(
      'deployment',
      deploymentSource(configuration, version, deployed(registry, folder), bundled),
    ),
    exchangesModule: writeModule('exchanges', exchangesSource(configuration)),
    executionModule: writeModule('execution', executionSource(configuration)),
    modelsFile: await writeToldModels(
      models,
      bundled,
      CACHE,
      watched?.models.map(({ name }) => name),
      watched?.models.some(({ retraining }) => retraining !== undefined),
    ),
    needsOnnx: onnxVersions(bundled).length > 0,
    endpoints,
    watch: watched && { models: watched.models, module: writeModule('watch', watched.source) },
    liveVenues: liveVenuesOf(configuration),
    secrets: secretsOf(configuration),
  };
}

interface DeployedStrategy {
  readonly name: string;
  readonly source: StrategySource;
}

/** The strategies as they are called, in the order of the registry. */
const deployed = (registry: StrategyRegistry, folder: string): DeployedStrategy[] => {
  const sources = strategySources(folder);
  return [...registry.keys()].map((name, k) => ({ name, source: sources[k] }));
};

function assertDeployable(configuration: Configuration, registry: StrategyRegistry): void {
  for (const account of configuration.accounts) {
    const { venue, timeframe } = universeOf(configuration, account);
    if (!configuration.venues[venue]) throw venueUnknown(account.universe, venue, configuration);
    scheduleExpression(timeframe);
    for (const { strategy, params } of account.strategies)
      parseParams(findStrategy(registry, strategy).definition, params);
  }
  ingestTimeoutMs(configuration);
}

const venueUnknown = (universe: string, venue: string, { venues }: Configuration): PlimsollError =>
  new PlimsollError(
    'VENUE_UNKNOWN',
    `the universe "${universe}" is of the venue "${venue}", which is not configured`,
    `use ${nearest(venue, Object.keys(venues))}`,
  );

const exchangesOf = ({ venues }: Configuration): string[] => {
  const exchanges = Object.values(venues).flatMap((venue) => (venue.kind === 'ccxt' ? [venue.exchange] : []));
  return [...new Set(exchanges)].sort();
};

/** The venues of accounts that give no bars without a key. */
function keyedVenuesOf(configuration: Configuration): KeyedVenue[] {
  const names = new Set(configuration.accounts.map((account) => universeOf(configuration, account).venue));
  const venues = [...names].map((name) => configuration.venues[name]);
  return venues.filter((venue): venue is KeyedVenue => venue.kind === 'alpaca' || venue.kind === 'oanda');
}

type KeyedVenue = Extract<VenueConfiguration, { kind: 'alpaca' | 'oanda' }>;

function secretsOf(configuration: Configuration): VenueSecret[] {
  const traded = new Set(liveVenuesOf(configuration).map(({ credentials }) => credentials));
  const keyed = new Set(keyedVenuesOf(configuration).map(({ credentials }) => credentials));
  return [...new Set([...traded, ...keyed])].sort().map((credentials) => ({
    credentials,
    isTraded: traded.has(credentials),
    givesBars: keyed.has(credentials),
  }));
}

/**
 * A strategy is loaded when it is asked for: of all that are at hand, an account runs a few. One that waits for something at its
 * top level cannot be, and is loaded with the rest.
 */
function deploymentSource(
  configuration: Configuration,
  version: string,
  strategies: readonly DeployedStrategy[],
  models: readonly BundledModel[],
): string {
  const imports: string[] = [];
  const entries = strategies.map(({ name, source: { file, codeHash, origin } }, k) => {
    const waits = /\bawait\b/.test(readFileSync(file, 'utf8'));
    if (waits) imports.push(`import strategy${k} from ${JSON.stringify(file)};`);
    const load = waits ? `strategy${k}` : `require(${JSON.stringify(file)}).default`;
    return `  [${JSON.stringify(name)}, strategy(${JSON.stringify(codeHash)}, ${JSON.stringify(origin)}, () => ${load})],`;
  });
  return [
    ...imports,
    `export const version = ${JSON.stringify(version)};`,
    `export const configuration = ${JSON.stringify(configuration)};`,
    'const strategy = (codeHash, origin, load) => ({ codeHash, origin, get definition() { return load(); } });',
    'const strategies = new Map([',
    ...entries,
    ']);',
    ...modelsSource(models),
    '',
  ].join('\n');
}

/** A deployment without a model carries nothing of one. */
function modelsSource(models: readonly BundledModel[]): string[] {
  if (models.length === 0) return ['export const registry = strategies;', NO_ONNX];
  const imports = new FileImports();
  const sourceOf = (version: BundledVersion, more?: string): string => versionSource(version, imports, more);
  // What ONNX Runtime reads is for the one function that asks it.
  const registered = (version: BundledVersion, more = ''): string =>
    sourceOf(isOnnx(version) ? { ...version, paths: new Map() } : version, more);
  const entries = models.map((model) => {
    const { trial } = model;
    return `  ${registered(model, trial ? `, trial: { share: ${trial.share}, model: ${registered(trial)} }` : '')},`;
  });
  const onnx = onnxSource(onnxVersions(models), sourceOf);
  return [
    ...imports.lines,
    `import { deployedModels } from ${sourceFile('functions/support/deployed-models.ts')};`,
    `import { registryWith } from ${sourceFile('core/strategies/registry.ts')};`,
    'const models = deployedModels([',
    ...entries,
    ']);',
    'export const registry = registryWith(strategies, models);',
    ...onnx,
  ];
}

const sourceFile = (file: string): string => JSON.stringify(join(root, file));
const isOnnx = ({ manifest }: BundledVersion): boolean => manifest.served === 'onnx';
const onnxVersions = (models: readonly BundledModel[]): BundledVersion[] =>
  models.flatMap(({ trial, ...champion }) => (trial ? [champion, trial] : [champion])).filter(isOnnx);

const NO_ONNX = 'export const onnx = undefined;';

/** What reads ONNX files is loaded with the first question. */
function onnxSource(versions: readonly BundledVersion[], sourceOf: (version: BundledVersion) => string): string[] {
  if (versions.length === 0) return [NO_ONNX];
  return [
    'const onnxVersions = [',
    ...versions.map((version) => `  ${sourceOf(version)},`),
    '];',
    'let onnxAsked;',
    'export const onnx = {',
    `  versions: ${JSON.stringify(versions.map(({ version }) => version))},`,
    '  ask: async (question) => {',
    `    onnxAsked ??= import(${sourceFile('functions/support/deployed-onnx.ts')}).then(({ deployedOnnx }) => deployedOnnx(onnxVersions));`,
    '    return (await onnxAsked)(question);',
    '  },',
    '};',
  ];
}

function exchangesSource(configuration: Configuration): string {
  const ids = exchangesOf(configuration);
  const others = ids.filter((id) => !EXCHANGES[id]);
  const kinds = [...new Set(keyedVenuesOf(configuration).map(({ kind }) => kind))].sort();
  const named = (name: string, file: string): string => `import { ${name} } from ${JSON.stringify(file)};`;
  const own = (id: string): string => named(EXCHANGES[id], join(root, 'adapters/venues/ccxt', `${id}.ts`));
  const keyed = (kind: string): string =>
    named(`openConfigured as ${kind}`, join(root, 'adapters/venues', kind, 'configured.ts'));
  return [
    ...ids.filter((id) => EXCHANGES[id]).map(own),
    ...others.map((id, k) => `import Exchange${k} from ${JSON.stringify(ccxtSourceOf(id))};`),
    ...(others.length > 0 ? [named('openOfClass', join(root, 'adapters/venues/ccxt/of-class.ts'))] : []),
    ...kinds.map(keyed),
    'export const exchanges = {',
    ...ids.filter((id) => EXCHANGES[id]).map((id) => `  ${JSON.stringify(id)}: ${EXCHANGES[id]},`),
    ...others.map((id, k) => `  ${JSON.stringify(id)}: (options) => openOfClass(Exchange${k}, options),`),
    '};',
    `export const keyed = { ${kinds.join(', ')} };`,
    kinds.length > 0
      ? `export { secretsOf } from ${JSON.stringify(join(root, 'functions/support/venue-keys.ts'))};`
      : 'export const secretsOf = undefined;',
    '',
  ].join('\n');
}

/** Of the venues of live accounts. Throws `VENUE_NOT_WIRED` for one that takes no orders. */
function liveVenuesOf(configuration: Configuration): LiveVenue[] {
  const accounts = configuration.accounts.filter(({ live }) => live !== undefined);
  const names = new Set(accounts.map((account) => universeOf(configuration, account).venue));
  return [...names].sort().map((name) => {
    const venue = configuration.venues[name];
    const credentials = credentialsOf(venue);
    if (credentials !== undefined && venue.kind !== 'simulated' && venue.kind !== 'replay')
      return { name, credentials, timeoutMs: venue.timeoutMs };
    throw new PlimsollError(
      'VENUE_NOT_WIRED',
      `the live accounts at "${name}" have no keys there`,
      `write credentials: ${name} under venues.${name}`,
    );
  });
}

/** A deployment without a live account carries no way to trade. */
function executionSource(configuration: Configuration): string {
  const venues = liveVenuesOf(configuration).map(({ name }) => configuration.venues[name]);
  const files = Object.entries(EXECUTION_VENUES)
    .filter(([, kinds]) => kinds.some(({ fits }) => venues.some(fits)))
    .map(([file]) => JSON.stringify(join(root, 'adapters/venues', file)));
  if (files.length === 0) return 'export const venuesOf = undefined;\n';
  const kinds = files.map((_, k) => `...kinds${k}`).join(', ');
  return [
    ...files.map((file, k) => `import { kinds as kinds${k} } from ${file};`),
    `import { liveVenues } from ${JSON.stringify(join(root, 'functions/support/live-venues.ts'))};`,
    `export const venuesOf = (configuration, variables) => liveVenues([${kinds}], configuration, variables);`,
    '',
  ].join('\n');
}

/** Under a name made from its content, so that two deployments at once do not write over each other. */
function writeModule(name: string, source: string): string {
  const file = join(CACHE, `${name}-${createHash('sha256').update(source).digest('hex').slice(0, 16)}.js`);
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(file, source);
  return file;
}
