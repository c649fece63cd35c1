/** What seeds have shown of ingest, told alone: cycles are opened in order of time, whoever opens them. */
import { expect, test } from 'vitest';
import { streamOf } from '../../core/configuration/definition.ts';
import { KEYS } from '../../functions/steps/account-state.ts';
import { openAccount, openCycles } from '../../functions/steps/ingest.ts';
import type { StepPorts } from '../../functions/steps/ports.ts';
import { SimulatedLedger } from '../../simulation/ports/ledger.ts';
import { scenarioOf } from '../../simulation/scenario.ts';
import { simulatedStrategies } from '../../simulation/strategies.ts';

const MINUTE = 60_000;
/** Its accounts are paper accounts. */
const PAPER_SEED = 3;
const { configurations, instruments } = scenarioOf(PAPER_SEED);
const [configuration] = configurations;
const [account] = configuration.accounts;
const stream = streamOf(configuration, account);

async function opened(...batches: readonly (readonly number[])[]): Promise<number[]> {
  const ledger = new SimulatedLedger();
  const ports: StepPorts = {
    ledger,
    send: async () => undefined,
    configuration,
    registry: simulatedStrategies,
    now: () => 0,
    withDeadline: (_timeoutMs, _what, work) => work(),
  };
  await openAccount(ports, account, instruments, 'simulated', 0);
  const cycles = (minutes: readonly number[]) => minutes.map((minute) => ({ asOf: minute * MINUTE, bars: new Map() }));
  await Promise.all(batches.map((minutes) => openCycles(ports, account, cycles(minutes))));
  return ledger.peekKeys(stream, KEYS.cyclePrefix).map((key) => Number(key.slice(KEYS.cyclePrefix.length)) / MINUTE);
}

test('a cycle that is older than one that was opened is left out, since its account may have passed it', async () => {
  expect(await opened([4, 5], [2, 3, 4, 5, 6])).toEqual([4, 5, 6]);
});

test('more cycles than a commit holds are opened in several', async () => {
  const minutes = Array.from({ length: 120 }, (_, k) => k + 1);
  expect(await opened(minutes)).toEqual(minutes);
});
