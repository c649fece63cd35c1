/** Parity through the cloud: recorded bars through the deployed app and through the backtester, and whether the ledgers are one. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBacktest } from '../../core/backtest/run.ts';
import { purely } from '../../functions/support/purely.ts';
import { DeployedInstance, runRecordedCycles } from '../../lib/deployed-instance.ts';
import { eventsOf } from '../../platform/live-run.ts';
import { compareLedgers, type ParityReport } from '../../platform/parity.ts';
import type { RecordedRun } from '../../platform/recorded-run.ts';
import { type Cloud, startCloud } from './harness/cloud.ts';

/** Deploys the app with the run's configuration to an emulated cloud of its own, with IAM enforced, which is gone at the end. */
export async function cloudParity(
  run: RecordedRun,
  onProgress?: (done: number, total: number) => void,
): Promise<ParityReport> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-cloud-parity-'));
  const cloud = await startCloud({ iam: true });
  try {
    const instance = await deploy(cloud, run, folder);
    const { instruments, bars, account, definition } = run;
    const { timeframe, stream } = definition;
    const venue = run.configuration.universes[account.universe].venue;
    const recording = { venue, timeframe, instruments, bars };
    await runRecordedCycles(instance, { recording, account: account.id, stream, onProgress });
    const { engine } = purely(() => runBacktest(definition, bars));
    return await compareLedgers(engine, eventsOf(instance.ledger, stream));
  } finally {
    await cloud.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function deploy(cloud: Cloud, { configuration }: RecordedRun, folder: string): Promise<DeployedInstance> {
  const [configurationFile, outputsFile] = [join(folder, 'plimsoll.json'), join(folder, 'outputs.json')];
  writeFileSync(configurationFile, JSON.stringify(configuration));
  const { name } = configuration.instance;
  await deployTrading(cloud, name, configurationFile, outputsFile);
  return new DeployedInstance(JSON.parse(readFileSync(outputsFile, 'utf8')), name, cloud.client);
}

/** Deploys all stacks of the app, in the form that leaves nothing behind. `more` is context, as `watch=FILE`. */
export const deployApp = (
  cloud: Cloud,
  configurationFile: string,
  outputsFile: string,
  more: readonly string[] = [],
): Promise<void> => deployed(cloud, ['--all'], configurationFile, outputsFile, more);

/** Deploys what cycles go through: ledger, lake, schedules, queues and steps. The other stacks' functions are not even bundled. */
export const deployTrading = (
  cloud: Cloud,
  instance: string,
  configurationFile: string,
  outputsFile: string,
): Promise<void> =>
  deployed(cloud, [`${instance}-data`, `${instance}-trading`, '--exclusively'], configurationFile, outputsFile);

async function deployed(
  cloud: Cloud,
  stacks: readonly string[],
  configurationFile: string,
  outputsFile: string,
  more: readonly string[] = [],
): Promise<void> {
  await cloud.cdk([
    'deploy',
    ...['--app', 'node bin/app.ts', ...stacks, '--concurrency', '4', '--outputs-file', outputsFile],
    ...[`configuration=${configurationFile}`, 'ephemeral=true', ...more].flatMap((each) => ['-c', each]),
  ]);
}
