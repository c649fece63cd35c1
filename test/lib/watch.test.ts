/** What a deployment makes of watch.yaml: a function that looks at models, asked as its schedules ask it, against S3 on this machine; and refusals in sentences. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Configuration, configurationSchema } from '../../core/configuration/schema.ts';
import { type BarColumns, sliceBars } from '../../core/market/bars.ts';
import { addStacks, type Stacks } from '../../lib/app.ts';
import { writeBundle } from '../../lib/constructs/bundle.ts';
import { type Deployment, prepareDeployment } from '../../lib/deployment.ts';
import { findOperation, invoke } from '../../operations/invoke.ts';
import type { ModelsPort } from '../../operations/models/port.ts';
import type { QueueOutput, WatchOutput } from '../../operations/models/schema.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { modelsIn } from '../../platform/models/strategies-at-hand.ts';
import { watchedModels } from '../../platform/models/watch-file.ts';
import { HOUR_MS, walk } from '../core/models/walk.ts';
import { shifted } from '../models_job/drift-drill-series.ts';
import { registered } from '../platform/models/versions.ts';
import { S3Double } from '../sagemaker/s3-double.ts';
import { registerServedElsewhere } from './served-elsewhere.ts';

const root = resolve(import.meta.dirname, '../..');
mkdirSync(join(root, '.cache'), { recursive: true });
/** Below the repository, so that packages are found from it. */
const folder = mkdtempSync(join(root, '.cache/watch-test-'));
const BARS = shifted(walk(2_600), { from: 1_600, volatility: 3, reversion: 0.7 });
const PERIOD = { from: BARS.timestamp[50], to: BARS.timestamp[1_300] };
const BUCKET = 'lake-of-the-tests';
/** Bytes, minified: what was measured, and two percent. */
const BYTES_MAX = 496_000;

const configuration = (more: object = {}): Configuration =>
  configurationSchema.parse({
    instance: { name: 'harbour' },
    dataDirectory: 'data',
    venues: { drift: { kind: 'simulated' } },
    universes: {
      main: { venue: 'drift', symbols: ['XAU/USD', 'XAG/USD'], timeframe: '1h' },
      days: { venue: 'drift', symbols: ['XAU/USD'], timeframe: '1d' },
    },
    accounts: [
      { id: 'paper', universe: 'main', strategies: [{ strategy: 'model-opinion', params: { model: 'gold' } }] },
      { id: 'daily', universe: 'days', strategies: [{ strategy: 'sma-cross' }] },
    ],
    ...more,
  });

const csvOf = ({ timestamp, open, high, low, close, volume, length }: BarColumns, everyMs = HOUR_MS): string => {
  const price = (column: Float64Array, k: number): string => (column[k] / 100).toFixed(2);
  const rows = Array.from({ length }, (_, k) =>
    [timestamp[0] + k * everyMs, ...[open, high, low, close].map((column) => price(column, k)), volume[k]].join(),
  );
  return `timestamp,open,high,low,close,volume\n${rows.join('\n')}\n`;
};

const ENTRY = {
  bars: 'gold.csv',
  symbol: 'XAU/USD',
  account: 'paper',
  everyMinutes: 90,
  limits: { leastFreshBars: 300 },
};
let files = 0;
/** The models of a file that holds `models`. */
function wanted(models: object): ReturnType<typeof watchedModels> {
  const file = join(folder, `watch-${++files}.yaml`);
  writeFileSync(file, JSON.stringify({ models }));
  return watchedModels(file);
}
const prepared = (models: object, of = configuration()): Promise<Deployment> =>
  prepareDeployment(of, folder, undefined, wanted(models));
const stacksOf = (deployment: Deployment, training = false): Stacks => {
  const app = new App({ outdir: join(folder, `cdk-${++files}`), context: { 'aws:cdk:bundling-stacks': [] } });
  return addStacks(app, deployment, { ephemeral: false, training });
};

const s3 = new S3Double();
let server: Server;
let deployment: Deployment;
let stacks: Stacks;
let version: string;
let handler: (event: unknown, context: object) => Promise<void>;
let models: ModelsPort;
let watching: string;
let bundleBytes: number;

beforeAll(async () => {
  const registry = modelsIn(join(folder, 'data'));
  version = await registered(registry, { weights: [-1, 0], period: PERIOD });
  await registry.act('gold', 'promoted', version, { at: PERIOD.to, by: 'a test', reason: 'the first' });
  writeFileSync(join(folder, 'gold.csv'), csvOf(sliceBars(BARS, 0, 1_400)));
  deployment = await prepared({ gold: ENTRY });
  // CDK looks at the whole repository for the first function of a process, and remembers it.
  stacks = stacksOf(deployment);
  const bundled = (entry: string, modules: Record<string, string>): string => {
    const out = join(folder, `bundle-${++files}`);
    writeBundle({ entry: join(root, entry), modules }, join(out, 'index.mjs'));
    return out;
  };
  const noWriter = join(root, 'lib/constructs/no-parquet-writer.ts');
  watching = bundled('functions/model-watch.ts', {
    'plimsoll-watched': deployment.watch!.module,
    'hyparquet-writer': noWriter,
  });
  const telling = bundled('functions/support/models-in-bundle.ts', { 'plimsoll-models': deployment.modelsFile });
  bundleBytes = modulesIn(watching).reduce((sum, file) => sum + statSync(file).size, 0);
  server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    s3.answer(request, Buffer.concat(parts), response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (const [name, value] of Object.entries({
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    PLIMSOLL_LAKE_BUCKET: BUCKET,
    POWERTOOLS_SERVICE_NAME: 'harbour-model-watch',
    POWERTOOLS_METRICS_NAMESPACE: 'Plimsoll',
  }))
    vi.stubEnv(name, value);
  const load = (out: string) => import(/* @vite-ignore */ pathToFileURL(join(out, 'index.mjs')).href);
  ({ handler } = await load(watching));
  const { modelsInBundle } = (await load(telling)) as typeof import('../../functions/support/models-in-bundle.ts');
  const { reportObjects } = await import('../../functions/support/report-objects.ts');
  models = modelsInBundle(async () => reportObjects(process.env));
}, 240_000);

afterAll(async () => {
  vi.unstubAllEnvs();
  server?.closeAllConnections();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const modulesIn = (out: string): string[] =>
  readdirSync(out, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.mjs'))
    .map((file) => join(out, file));

/** What the function's log holds of a look: metrics are lines of it. */
async function looked(event: unknown = { model: 'gold' }): Promise<Record<string, unknown>[]> {
  const lines: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  try {
    await handler(event, { functionName: 'looks', awsRequestId: 'one', getRemainingTimeInMillis: () => 60_000 });
  } finally {
    spy.mockRestore();
  }
  return lines.map((line) => JSON.parse(line));
}

const asked = (name: string, input: object): Promise<never> =>
  invoke(
    findOperation(`models.${name}`),
    {
      models: async () => models,
      principal: { id: 'ada', name: 'Ada', roles: ['admin'] },
      idempotencyKey: 'one',
      steps: { now: () => 0 },
    } as unknown as OperationContext,
    input,
  ) as Promise<never>;

describe('the function that looks at models', () => {
  it('says that nothing is wrong, in a metric too, on the bars that it carries', async () => {
    expect(await models.sightings!()).toEqual([]);
    const said = await looked();
    expect(said).toContainEqual(
      expect.objectContaining({ ModelFlagged: 0, service: 'harbour-model-watch', model: 'gold' }),
    );
    expect(said).toContainEqual(expect.objectContaining({ ModelTrainingDue: 0, model: 'gold' }));
    expect(await models.sightings!()).toMatchObject([
      { model: 'gold', champion: version, stage: { name: 'observing' } },
    ]);
    expect(s3.puts).toEqual([`${BUCKET}/model-watches/gold.json`]);
  });

  it('flags a shift in what the lake has kept since, and the operations say that a training waits', async () => {
    await keepInLake(sliceBars(BARS, 1_400, 2_600));
    const said = await looked();
    expect(said).toContainEqual(expect.objectContaining({ ModelFlagged: 1, model: 'gold' }));
    expect(said).toContainEqual(expect.objectContaining({ ModelTrainingDue: 1, model: 'gold' }));
    const seen: WatchOutput = await asked('watch', {});
    expect(seen.models).toMatchObject([
      { model: 'gold', flagged: 'drift', stage: 'queued', barsTo: BARS.timestamp[2_599] + HOUR_MS, problem: null },
    ]);
    const { trainings }: QueueOutput = await asked('queue', {});
    expect(trainings).toMatchObject([
      {
        wanted: { model: 'gold', trigger: 'drift', to: BARS.timestamp[2_599] + HOUR_MS },
        status: 'pending',
        attempts: 0,
      },
    ]);
    expect(trainings[0].wanted.from).toBeGreaterThan(BARS.timestamp[1_400]);
  });

  it('bad input: an event that names another model fails, and says so in its log', async () => {
    await expect(looked({ model: 'silver' })).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' });
  });

  it('is small, and carries the files of the model and the bars beside its code', () => {
    expect(bundleBytes).toBeLessThan(BYTES_MAX);
    expect(readdirSync(join(watching, 'models')).sort()).toEqual([
      expect.stringMatching(/^bars-.*\.gz$/),
      expect.stringMatching(/^neurons-.*\.model$/),
    ]);
  });
});

async function keepInLake(bars: BarColumns): Promise<void> {
  const [{ createLake }, { lakeObjects }] = await Promise.all([
    import('../../adapters/lake/lake.ts'),
    import('../../functions/support/s3.ts'),
  ]);
  const series = { provenance: 'simulated', venue: 'drift', symbol: 'XAU/USD', timeframe: '1h' } as const;
  const knownAt = bars.timestamp[bars.length - 1] + HOUR_MS;
  await createLake(lakeObjects(process.env)).appendBars({ ...series, bars, knownAt });
  s3.puts.length = 0;
}

describe('the stacks', () => {
  it('look at each model by a schedule of its own, with bounded tries, and may read the lake and write what was seen, and nothing else', () => {
    const template = Template.fromStack(stacks.api);
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(90 minutes)',
      Target: Match.objectLike({
        Input: '{"model":"gold"}',
        RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 900 },
      }),
    });
    const looks = Match.objectLike({ Description: Match.stringLikeRegexp('drift and decay'), Timeout: 600 });
    template.hasResourceProperties('AWS::Lambda::Function', looks);
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', { MaximumRetryAttempts: 2 });
    const allowed = Object.entries(template.findResources('AWS::IAM::Policy'))
      .filter(([id]) => id.startsWith('ModelWatchLooks'))
      .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement as { Action: string | string[] }[])
      .flatMap(({ Action }) => Action);
    expect([...new Set(allowed)].sort()).toEqual([
      ...['logs:CreateLogStream', 'logs:PutLogEvents'],
      ...['s3:GetObject', 's3:ListBucket', 's3:PutObject'],
      ...['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
    ]);
  }, 120_000);

  it('alarm where a model is flagged, and say the way to train it anew, here or on SageMaker', () => {
    const here = Template.fromStack(stacks.operations);
    const dimensions = Match.arrayWith([{ Name: 'model', Value: 'gold' }]);
    here.hasResourceProperties('AWS::CloudWatch::Alarm', {
      ...{ MetricName: 'ModelFlagged', Namespace: 'Plimsoll', TreatMissingData: 'ignore', Dimensions: dimensions },
      AlarmActions: [Match.anyValue()],
    });
    const due = (template: Template): string => {
      const found = template.findResources('AWS::CloudWatch::Alarm', {
        Properties: { MetricName: 'ModelTrainingDue' },
      });
      const [{ Properties }] = Object.values(found);
      return Properties.AlarmDescription;
    };
    expect(due(here)).toContain('plimsoll models table --bars gold.csv --features return-1,body --label ');
    expect(due(here)).toContain('plimsoll models train gold --table tables/gold');
    expect(due(here)).toContain('npx cdk deploy');
    expect(due(here)).not.toContain('sagemaker');
    expect(due(Template.fromStack(stacksOf(deployment, true).operations))).toContain('--on sagemaker');
  }, 120_000);

  it('have nothing of it where nothing is to be watched', async () => {
    const without = stacksOf(await prepareDeployment(configuration(), folder));
    for (const stack of [without.api, without.operations]) {
      const text = JSON.stringify(Template.fromStack(stack).toJSON());
      expect(text).not.toContain('ModelWatch');
      expect(text).not.toContain('model-watches');
    }
  });
});

describe('bad input: what cannot be watched on AWS is refused when it is deployed', () => {
  it.each([
    ['a model that no strategy asks', { golt: ENTRY }, 'WATCH_MODEL_UNKNOWN', 'gold'],
    ['no file of bars', { gold: { ...ENTRY, bars: undefined } }, 'WATCH_BARS', 'bars:'],
    ['no account', { gold: { ...ENTRY, account: undefined } }, 'WATCH_INVALID', 'paper'],
    ['an account that is not there', { gold: { ...ENTRY, account: 'papper' } }, 'WATCH_INVALID', 'paper'],
    [
      'an instrument that the account does not trade',
      { gold: { ...ENTRY, symbol: 'XPT/USD' } },
      'WATCH_INVALID',
      'XAU/USD',
    ],
    ['bars that are longer than the model’s', { gold: { ...ENTRY, account: 'daily' } }, 'TIMEFRAME_NOT_MULTIPLE', ''],
    ['a look every minute', { gold: { ...ENTRY, everyMinutes: 1 } }, 'WATCH_TOO_MUCH', '15'],
    ['no model', {}, 'WATCH_TOO_MUCH', '1 to 10'],
    ['a file that is not there', { gold: { ...ENTRY, bars: 'none.csv' } }, 'FILE_NOT_FOUND', ''],
  ])('%s', async (_, models, code, way) => {
    await expect(prepared(models)).rejects.toMatchObject({ code, remedy: expect.stringContaining(way) });
  });

  it('bars of another timeframe, too few of them, and too many', async () => {
    writeFileSync(join(folder, 'days.csv'), csvOf(sliceBars(BARS, 0, 1_400), 24 * HOUR_MS));
    writeFileSync(join(folder, 'few.csv'), csvOf(sliceBars(BARS, 0, 500)));
    const long = Array.from({ length: 200_001 }, (_, k) => `${BARS.timestamp[0] + k * HOUR_MS},1,1,1,1,1\n`);
    writeFileSync(join(folder, 'long.csv'), `timestamp,open,high,low,close,volume\n${long.join('')}`);
    const refused = (bars: string) => expect(prepared({ gold: { ...ENTRY, bars } })).rejects;
    await refused('days.csv').toMatchObject({ code: 'USAGE' });
    await refused('few.csv').toMatchObject({ code: 'MONITORING_INPUT_INVALID' });
    await refused('long.csv').toMatchObject({ code: 'WATCH_TOO_MUCH', remedy: expect.stringContaining('200000') });
  });

  it('bars that give other rows than the model learned from', async () => {
    const registry = modelsIn(join(folder, 'data'));
    const other = await registered(registry, { weights: [-1, 0.5], period: PERIOD, rows: 1_000 });
    await registry.act('gold', 'promoted', other, { at: PERIOD.to, by: 'a test', reason: 'to see it' });
    await expect(prepared({ gold: ENTRY })).rejects.toMatchObject({
      code: 'WATCH_BARS',
      message: expect.stringContaining('it learned from 1000'),
    });
    await registry.act('gold', 'promoted', version, { at: PERIOD.to, by: 'a test', reason: 'as it was' });
  });

  it('a model that is answered for elsewhere', async () => {
    const registry = modelsIn(join(folder, 'data'));
    const { version: silver } = await registerServedElsewhere(registry, 'silver');
    await registry.act('silver', 'promoted', silver, { at: 1, by: 'a test', reason: 'it decides' });
    const asking = configuration({
      accounts: [
        { id: 'paper', universe: 'main', strategies: [{ strategy: 'model-opinion', params: { model: 'silver' } }] },
      ],
    });
    const endpoints = {
      image: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/plimsoll-models:1',
      endpoints: { silver: { serverless: { memoryMb: 2_048, maxConcurrency: 1 } } },
    };
    await expect(prepareDeployment(asking, folder, endpoints, wanted({ silver: ENTRY }))).rejects.toMatchObject({
      code: 'WATCH_NOT_HERE',
      remedy: expect.stringContaining('models watch'),
    });
  });

  it('a file that is named and is not there, in one sentence', () => {
    const { status, stderr } = spawnSync(process.execPath, ['bin/app.ts'], {
      ...{ cwd: root, encoding: 'utf8' },
      env: {
        PATH: process.env.PATH,
        CDK_CONTEXT_JSON: JSON.stringify({ watch: 'nowhere.yaml' }),
        CDK_OUTDIR: join(folder, 'app'),
      },
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^There is no file .*nowhere\.yaml\. Create it, or deploy without -c watch\.\n$/);
  });
});
