/**
 * The app itself on the emulated cloud, while its messages come again and its functions are ended and held up under way: what it has
 * decided by then is what an undisturbed backtest decides.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfiguration } from '../../adapters/files/configuration.ts';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { SimulatedVenue } from '../../adapters/venues/simulated.ts';
import { runBacktest } from '../../core/backtest/run.ts';
import { definitionOf } from '../../core/configuration/definition.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { verifyLedger } from '../../core/ledger/verify.ts';
import { KEYS } from '../../functions/steps/account-state.ts';
import { DeployedInstance, runRecordedCycles } from '../../lib/deployed-instance.ts';
import { eventsOf } from '../../platform/live-run.ts';
import { compareLedgers } from '../../platform/parity.ts';
import { readAll } from '../adapters/embedded/temporary.ts';
import { Disturber } from './faults-disturber.ts';
import { DeployedSteps } from './faults-steps.ts';
import { signalAll, workersOf } from './faults-workers.ts';
import { type Cloud, startCloud } from './harness/cloud.ts';
import { eventually } from './harness/eventually.ts';
import { deployTrading } from './parity.ts';

const root = join(import.meta.dirname, '../..');
const CONFIGURATION = 'test/cloud/faults.yaml';
const STREAM = 'tests/paper';
const MINUTE = 60_000;
const FIRST_OPEN = Date.UTC(2024, 0, 1);
const DISTURBED = 100;
/** Cycles after those, of which the first one is given up. */
const GIVEN_UP = 6;
const SEED = 20_240_101;

const { configuration } = loadConfiguration({ file: join(root, CONFIGURATION), environment: {} });
const [account] = configuration.accounts;
const { symbols } = configuration.universes.two;
const market = new SimulatedVenue({ venue: 'recording', seed: '9', now: () => FIRST_OPEN + 1e9 });
const instruments = await market.instruments(symbols);
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-faults-'));
let cloud: Cloud;
let instance: DeployedInstance;
let steps: DeployedSteps;

beforeAll(async () => {
  cloud = await startCloud({ iam: true });
  const outputsFile = join(folder, 'outputs.json');
  await deployTrading(cloud, 'reef', CONFIGURATION, outputsFile);
  const outputs = JSON.parse(readFileSync(outputsFile, 'utf8'));
  instance = new DeployedInstance(outputs, 'reef', cloud.client);
  steps = await DeployedSteps.find(cloud, outputs, 'reef');
  // As deployed it is minutes, six times what a function may take.
  await steps.hideFor(1);
}, 240_000);

afterAll(async () => {
  await cloud?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

it('goes through cycles whose messages come again, and whose functions are ended and held up', async () => {
  const disturber = new Disturber({
    ...{ cloud, instance, steps, stream: STREAM, seed: SEED },
    ...{ first: asOf(0), last: asOf(DISTURBED - 1), interval: MINUTE },
  });

  await disturber.during(run(0, DISTURBED));

  expect(await instance.cursor(STREAM)).toEqual({ cycle: asOf(DISTURBED - 1), next: 'settled' });
  const { sentAgain, delivered, killed, overtaken } = disturber.done;
  expect.soft(sentAgain, 'messages sent again').toBeGreaterThan(20);
  expect.soft(delivered, 'messages delivered twice at once').toBeGreaterThan(10);
  expect.soft(killed, 'functions ended under way').toBeGreaterThan(2);
  expect.soft(overtaken, 'functions that others came before').toBeGreaterThan(2);
}, 600_000);

it('has handled every message by then, and given none up', async () => {
  await eventually(async () => expect(new Set(Object.values(await steps.depths()))).toEqual(new Set(['0/0'])));
  expect(await gaps()).toEqual([]);
});

it('has the very ledger of a backtest over the same bars, in which much has happened', async () => {
  const { engine } = await backtest();

  expect(await compareLedgers(engine, eventsOf(instance.ledger, STREAM))).toMatchObject({ identical: true });

  const kinds = new Set([...engine.journal.events()].map(({ kind }) => kind));
  expect([...kinds]).toEqual(
    expect.arrayContaining(['OrderFilled', 'OrderDenied', 'OrderActivated', 'OrderTriggered']),
  );
});

it('has a ledger that holds', async () => {
  await expectSoundLedger();
});

it('has decided each cycle once, and moved each strategy over its bars once', async () => {
  await expectDecidedOnce(DISTURBED);
});

it('has sent no intent twice', async () => {
  const sent = (await events()).filter(({ kind }) => kind === 'OrderSubmitted').map(({ order }) => order);
  expect(sent.length).toBeGreaterThan(20);
  expect(new Set(sent).size).toBe(sent.length);
});

it('gives up on a cycle whose function is ended every time, as a gap in the ledger, and the cycles behind it go on', async () => {
  const given = asOf(DISTURBED);
  const signal = steps.functionOf('signal');
  let over = false;
  const killing = (async () => {
    for (; !over; await delay(5)) signalAll(await workersOf(signal), 'SIGKILL');
  })();
  // Noticed soon: the cycle behind it is not to be ended every time.
  const givenUp = eventually(async () => expect(await gaps()).toHaveLength(1), 30_000, 50).finally(() => {
    over = true;
  });
  await Promise.all([run(DISTURBED, DISTURBED + GIVEN_UP), givenUp, killing]);

  expect(await gaps()).toEqual([given]);
  const failed = (await events()).filter(({ kind }) => kind === 'CycleFailed');
  expect(failed).toMatchObject([{ body: { cycle: given, step: 'signal', attempts: 3 } }]);
  await expectDecidedOnce(DISTURBED + GIVEN_UP);
  await expectSoundLedger();
}, 300_000);

const asOf = (index: number): number => FIRST_OPEN + (index + 1) * MINUTE;

const bars = (from: number, to: number) =>
  new Map(
    symbols.map((symbol) => [
      symbol,
      market.columns(symbol, '1m', FIRST_OPEN + from * MINUTE, FIRST_OPEN + to * MINUTE, to - from),
    ]),
  );

const run = (from: number, to: number): Promise<void> =>
  runRecordedCycles(instance, {
    recording: { venue: 'recording', timeframe: '1m', instruments, bars: bars(from, to) },
    account: 'paper',
    stream: STREAM,
  });

async function backtest(): Promise<{ engine: Engine }> {
  const registry = await loadStrategies(root);
  const definition = definitionOf({
    ...{ configuration, account, instruments, registry },
    ...{ provenance: 'recorded', openedAt: asOf(0) },
  });
  return runBacktest(definition, bars(0, DISTURBED));
}

const events = () => Array.fromAsync(eventsOf(instance.ledger, STREAM));

const documents = (prefix: string) => instance.ledger.documents(STREAM, { prefix, limit: 1_000 });

const gaps = async (): Promise<number[]> =>
  (await documents(KEYS.gapPrefix)).map(({ value }) => (value as { cycle: number }).cycle);

async function expectSoundLedger(): Promise<void> {
  expect(verifyLedger(await readAll(instance.ledger, STREAM))).toMatchObject({ holds: true });
}

/** A document that was written twice is at a higher version. */
async function expectDecidedOnce(cycles: number): Promise<void> {
  const decisions = await documents(KEYS.decisionPrefix);
  expect(decisions.length).toBeGreaterThan(20);
  expect(decisions.filter(({ version }) => version !== 1)).toEqual([]);
  const checkpoints = await documents(KEYS.checkpoint(''));
  expect(checkpoints.map(({ version }) => version)).toEqual(account.strategies.map(() => cycles));
}
