/** A decision that asks six models with thirty features: warm, as the deciding step makes it, and cold, from the start of a process. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { queueVariables, settingVariable } from '../adapters/aws/environment.ts';
import { configurationSchema } from '../core/configuration/schema.ts';
import { reconcile } from '../core/cycle.ts';
import { Engine } from '../core/engine/engine.ts';
import type { BarColumns } from '../core/market/bars.ts';
import { QUEUES } from '../core/ports/queue.ts';
import { takeCycle } from '../functions/steps/engines.ts';
import type { StepPorts } from '../functions/steps/ports.ts';
import { askStrategies } from '../functions/steps/signal.ts';
import { withDeadline } from '../functions/support/deadline.ts';
import { writeBundle } from '../lib/constructs/bundle.ts';
import { prepareDeployment } from '../lib/deployment.ts';
import { strategiesAtHand } from '../platform/models/strategies-at-hand.ts';
import { prepareRecordedRun } from '../platform/recorded-run.ts';
import { median, rounded } from './timing.ts';

const root = join(import.meta.dirname, '..');
const MODEL = 'gold-hourly';
/** Bars that are decided one by one, after as many that warm the features and the compiler. */
const DECISIONS = 4_000;
const STARTS = 20;

export async function benchDecision(data: string): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-decision-'));
  try {
    const asked = await decisionsMs(data, folder, 'model-opinion', { model: MODEL });
    const ruled = await decisionsMs(data, folder, 'sma-cross', {});
    return {
      unit: 'ms',
      model: `${MODEL}: 6 members, 30 features`,
      warm: { p50: at(asked, 0.5), p99: at(asked, 0.99), most: at(asked, 1) },
      ofSmaCross: { p50: at(ruled, 0.5), p99: at(ruled, 0.99) },
      cold: await coldMs(folder),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const at = (sorted: readonly number[], share: number): number =>
  rounded(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);

/** The strategies of a cycle asked under their deadline, as in the step; sorted. */
async function decisionsMs(
  data: string,
  folder: string,
  strategy: string,
  params: Record<string, unknown>,
): Promise<number[]> {
  const registry = await strategiesAtHand(root, folder);
  const run = await prepareRecordedRun(registry, {
    file: join(data, 'fx/xauusd_h1_2012_2022.parquet'),
    symbols: ['XAU/USD'],
    strategies: [{ strategy, params }],
  });
  const engine = new Engine(run.definition);
  const ports = { configuration: run.configuration, withDeadline } as StepPorts;
  const [[symbol, bars]] = run.bars;
  const times: number[] = [];
  for (let k = 0; k < 2 * DECISIONS; k++) {
    takeCycle(engine, {
      asOf: bars.timestamp[k] + 3_600_000,
      lateByMs: 0,
      contentHash: '',
      missing: [],
      openedAt: 0,
      bars: { [symbol]: barOf(bars, k) },
    });
    reconcile(engine);
    const start = performance.now();
    askStrategies(ports, engine);
    if (k >= DECISIONS) times.push(performance.now() - start);
    engine.proposals = [];
  }
  return times.sort((a, b) => a - b);
}

const barOf = ({ timestamp, open, high, low, close, volume }: BarColumns, k: number) =>
  [timestamp[k], open[k], high[k], low[k], close[k], volume[k]] as const;

/** Median of process starts until the first opinion, less those of an empty process in the same rounds. */
async function coldMs(folder: string): Promise<unknown> {
  const deployment = await prepareDeployment(
    configurationSchema.parse({
      venues: { drift: { kind: 'simulated' } },
      universes: { main: { venue: 'drift', symbols: ['XAU/USD'], timeframe: '1h' } },
      accounts: [
        { id: 'paper', universe: 'main', strategies: [{ strategy: 'model-opinion', params: { model: MODEL } }] },
      ],
    }),
  );
  const modules = {
    'plimsoll-deployment': deployment.deploymentModule,
    'plimsoll-exchanges': deployment.exchangesModule,
    'plimsoll-execution': deployment.executionModule,
  };
  const file = join(folder, 'start/index.mjs');
  writeBundle({ entry: join(root, 'bench/decision-start.ts'), modules }, file);
  const [empty, asked]: number[][] = [[], []];
  for (let round = 0; round < STARTS; round++) {
    empty.push(startMs(''));
    asked.push(startMs(`await import(${JSON.stringify(pathToFileURL(file).href)});`));
  }
  return { untilFirstOpinion: rounded(median(asked) - median(empty)), withTheProcess: rounded(median(asked)) };
}

/** For what only a deployment knows. */
const ENVIRONMENT = {
  AWS_REGION: 'eu-west-1',
  [settingVariable('ledgerTable')]: 'bench',
  ...Object.fromEntries(
    QUEUES.map((queue) => [queueVariables(queue).url, 'https://sqs.eu-west-1.amazonaws.com/1/queue.fifo']),
  ),
};

function startMs(code: string): number {
  const start = performance.now();
  execFileSync(process.execPath, ['--input-type=module', '-e', `${code} process.exit(0);`], {
    env: { ...process.env, ...ENVIRONMENT },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return performance.now() - start;
}
