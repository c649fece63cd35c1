/**
 * The ledger of an instance and nothing else of it, for the kill switch: no process of the platform is asked, no queue and no model,
 * and no strategy's code is loaded, so that none of them can be in the way.
 */
import { resolve } from 'node:path';
import * as z from 'zod';
import { openEmbedded } from '../adapters/embedded/embedded.ts';
import { dataDirectoryOf, loadConfiguration } from '../adapters/files/configuration.ts';
import { streamOf, universeOf } from '../core/configuration/definition.ts';
import type { AccountConfiguration, Configuration } from '../core/configuration/schema.ts';
import { PlimsollError } from '../core/errors.ts';
import type { LedgerPort } from '../core/ports/ledger.ts';
import type { RegisteredStrategy, StrategyRegistry } from '../core/strategies/registry.ts';
import { KEYS, type Opening } from '../functions/steps/account-state.ts';
import type { StepPorts } from '../functions/steps/ports.ts';
import { withDeadline } from '../functions/support/deadline.ts';
import { readRunning } from './running.ts';

export interface LedgerAtHand {
  readonly steps: StepPorts;
  /** For people: where it lies. */
  readonly place: string;
  /** The process that may be running on it, for the message: a file with its pid. */
  readonly pidFile?: string;
  close(): Promise<void>;
}

export interface LedgerLocation {
  readonly config: string;
  readonly data?: string | undefined;
  /** The DynamoDB table of an instance on AWS; without it the ledger is the data directory's. */
  readonly table?: string | undefined;
}

/** Throws what the configuration, opening the data directory, or checking the table's accounts throws. */
export function openLedgerAtHand(location: LedgerLocation): Promise<LedgerAtHand> {
  return location.table === undefined ? openFile(location) : openTable(location.table, location);
}

async function openFile({ config, data }: LedgerLocation): Promise<LedgerAtHand> {
  const loaded = () => loadFrom(config);
  const directory = data === undefined ? dataDirectoryOf(loaded()) : resolve(data);
  const embedded = openEmbedded({ directory, role: 'visitor' });
  try {
    // What last ran there is what its accounts are, whatever has become of the file since.
    const configuration = readRunning(directory)?.configuration ?? loaded().configuration;
    return {
      steps: stepsOn(embedded.ledger, configuration),
      place: `the SQLite file in ${directory}`,
      pidFile: resolve(directory, 'platform.pid'),
      close: () => embedded.close(),
    };
  } catch (error) {
    await embedded.close();
    throw error;
  }
}

async function openTable(table: string, { config }: LedgerLocation): Promise<LedgerAtHand> {
  const { configuration } = loadFrom(config);
  // Not loaded where the ledger is a file: the SDK takes longer than the rest together.
  const [{ DynamoDBClient }, { DynamoLedger }, { clientSettings }] = await Promise.all([
    import('@aws-sdk/client-dynamodb'),
    import('../adapters/aws/dynamodb-ledger.ts'),
    import('../adapters/aws/client-settings.ts'),
  ]);
  const client = new DynamoDBClient(clientSettings());
  const ledger = new DynamoLedger(client, { table });
  try {
    for (const account of configuration.accounts) await assertSameAccount(ledger, configuration, account);
  } catch (error) {
    client.destroy();
    throw error;
  }
  return {
    steps: stepsOn(ledger, configuration),
    place: `the DynamoDB table ${table}`,
    close: async () => client.destroy(),
  };
}

function loadFrom(file: string) {
  return loadConfiguration({ file, profile: process.env.PLIMSOLL_PROFILE, environment: process.env });
}

function stepsOn(ledger: LedgerPort, configuration: Configuration): StepPorts {
  const send = async (): Promise<never> => {
    throw new PlimsollError('NOTHING_SENT', 'the kill switch sends no messages', 'report this');
  };
  return { ledger, send, configuration, registry: namesOnly(configuration), now: Date.now, withDeadline };
}

/** The configured strategies by name, without their code: the kill switch asks none of them anything. */
function namesOnly({ accounts }: Configuration): StrategyRegistry {
  const registry = new Map<string, RegisteredStrategy>();
  const keys = new Map<string, Set<string>>();
  for (const { strategy, params } of accounts.flatMap(({ strategies }) => strategies)) {
    const known = keys.get(strategy) ?? new Set<string>();
    for (const key of Object.keys(params)) known.add(key);
    keys.set(strategy, known);
  }
  for (const [name, known] of keys) {
    const params = z.object(Object.fromEntries([...known].map((key) => [key, z.unknown()])));
    const definition = { name, params, indicators: () => ({}), onBar: () => undefined };
    registry.set(name, { definition, codeHash: '', origin: 'by name' });
  }
  return registry;
}

/**
 * A table does not say what was deployed: the file has to name the same instruments and strategies in the same order, since the
 * account is kept by their places.
 */
async function assertSameAccount(
  ledger: LedgerPort,
  configuration: Configuration,
  account: AccountConfiguration,
): Promise<void> {
  const stream = streamOf(configuration, account);
  const opening = await ledger.document(stream, KEYS.opening);
  if (!opening) return;
  const symbols = (opening.value as unknown as Opening).instruments.map(({ symbol }) => symbol);
  const wanted = universeOf(configuration, account).symbols;
  const strategies = await strategiesInLedger(ledger, stream);
  const ids = account.strategies.map(({ id, strategy }) => id ?? strategy);
  const isSame = symbols.join() === wanted.join() && strategies.every((id, k) => ids[k] === id);
  if (isSame) return;
  throw new PlimsollError(
    'CONFIGURATION_CHANGED',
    `the account ${stream} trades ${symbols.join(', ')} with ${strategies.join(', ')}, and the configuration says otherwise`,
    'name the configuration that was deployed with --config',
    { kept: 'nothing was changed' },
  );
}

/** Ids of the strategies in their places: of the last change, or of the stream's beginning. */
async function strategiesInLedger(ledger: LedgerPort, stream: string): Promise<string[]> {
  const changed = await ledger.document(stream, KEYS.configuration);
  if (changed) return (changed.value as unknown as { strategies: { id: string }[] }).strategies.map(({ id }) => id);
  const commits = await ledger.read(stream, 0, 1);
  return commits
    .flatMap(({ events }) => events as unknown as { kind: string; body: { id: string } }[])
    .filter(({ kind }) => kind === 'StrategyRegistered')
    .map(({ body }) => body.id);
}
