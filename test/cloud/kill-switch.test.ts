// The kill switch from a terminal with AWS credentials, on the table of an instance whose functions and API are not there.
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clientSettings } from '../../adapters/aws/client-settings.ts';
import { DynamoLedger } from '../../adapters/aws/dynamodb-ledger.ts';
import { openEmbedded } from '../../adapters/embedded/embedded.ts';
import { loadConfiguration } from '../../adapters/files/configuration.ts';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { SimulatedVenue } from '../../adapters/venues/simulated.ts';
import { verifyLedger } from '../../core/ledger/verify.ts';
import type { StepPorts } from '../../functions/steps/ports.ts';
import { withDeadline } from '../../functions/support/deadline.ts';
import { runLive } from '../../platform/live-run.ts';
import { readAll, temporaryDirectory } from '../adapters/embedded/temporary.ts';
import { root, Workplace } from '../cli/plimsoll.ts';
import { createLedgerTable } from '../contract/aws-bench.ts';
import { type Cloud, startCloud } from './harness/cloud.ts';

const START = Date.UTC(2024, 4, 1);
const SECONDS = 60;
const STREAM = 'local/quick';
const place = new Workplace();
let cloud: Cloud;
let client: DynamoDBClient;
let table: string;
let ledger: DynamoLedger;

beforeAll(async () => {
  cloud = await startCloud({ iam: false });
  client = new DynamoDBClient({ ...clientSettings(), ...cloud.client });
  table = await createLedgerTable(client);
  ledger = new DynamoLedger(client, { table });
  Object.assign(process.env, cloud.env);
  await run();
}, 120_000);

afterAll(async () => {
  place.remove();
  client?.destroy();
  await cloud?.stop();
});

/** A minute of bars of a second through the steps, as the functions would. */
async function run(): Promise<void> {
  const { configuration } = loadConfiguration({ file: join(place.directory, 'plimsoll.yaml'), environment: {} });
  const embedded = openEmbedded({ directory: temporaryDirectory() });
  const ports: StepPorts = {
    ledger,
    send: (queue, message) => embedded.queue.send(queue, message),
    configuration,
    registry: await loadStrategies(root),
    now: Date.now,
    withDeadline,
  };
  const venue = new SimulatedVenue({ venue: 'sim', seed: '3', now: () => START + 1e9 });
  const symbols = ['BTC/USDT'];
  const end = START + SECONDS * 1_000;
  const bars = new Map(symbols.map((symbol) => [symbol, venue.columns(symbol, '1s', START, end, SECONDS)]));
  const instruments = await venue.instruments(symbols);
  const [account] = configuration.accounts;
  const { queue } = embedded;
  await runLive({ ports, queue, account, instruments, provenance: 'simulated', bars, timeframe: '1s' });
  await embedded.close();
}

it('halts and flattens on the table itself, says so, and is done once for a key', async () => {
  const halt = () => place.run('halt', '--table', table, '--flatten', '--reason', 'a drill', '--key', 'k', '--json');
  const first = await halt();
  expect(first).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(first.out)).toMatchObject({
    scope: 'the instance',
    done: true,
    path: `straight to the DynamoDB table ${table}`,
    accounts: [{ account: 'quick', state: 'Halted' }],
  });
  const { commit } = await ledger.head(STREAM);
  expect(await halt()).toEqual(first);
  expect((await ledger.head(STREAM)).commit).toBe(commit);
  const verified = verifyLedger(await readAll(ledger, STREAM));
  expect(verified.holds).toBe(true);
  expect((await place.run('resume', '--table', table)).out).toMatch(/quick: trading is Active\.[\s\S]*DynamoDB table/);
}, 60_000);

it('refuses a configuration that is not the one of the table, and a table that is not there', async () => {
  place.write(
    'other.yaml',
    'venues: { sim: { kind: simulated } }\nuniverses: { one: { venue: sim, symbols: [ETH/USDT], timeframe: 1s } }\naccounts: [{ id: quick, universe: one, strategies: [{ strategy: sma-cross }] }]\n',
  );
  const { commit } = await ledger.head(STREAM);
  const other = await place.run('halt', '--table', table, '--config', 'other.yaml');
  expect(other).toMatchObject({
    code: 1,
    err: expect.stringMatching(/trades BTC\/USDT .*name the configuration that was deployed/i),
  });
  expect((await ledger.head(STREAM)).commit).toBe(commit);
  const absent = await place.run('halt', '--table', 'nowhere');
  expect(absent).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/NOT halted.*EventBridge Scheduler/) });
}, 60_000);
