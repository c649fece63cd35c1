/** A sweep on AWS as people give the command, with the real clients, against S3 and Step Functions on the loopback address. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resultKey } from '../../functions/support/sweep/plan.ts';
import { resultFromBytes, resultToBytes } from '../../functions/support/sweep/result-object.ts';
import { SWEEPS_PREFIX } from '../../functions/support/sweep/sweeps-prefix.ts';
import { wavingBars } from '../core/research/support.ts';
import { type Ended, type Running, until, Workplace } from './plimsoll.ts';
import { BUCKET, MACHINE, SweepCloud } from './sweep-cloud.ts';

const SWEEP = [
  ...['research', 'sweep', '--bars', 'bars.csv', '--symbol', 'A/USD', '--strategy', 'sma-cross', '--fee-bps', '10'],
  ...['--grid', 'fast=3,5,8,0', '--grid', 'slow=13,21', '--draws', '50', '--json'],
];
const ON_AWS = ['--on', 'aws', '--outputs', 'outputs.json', '--pilot', '2'];

let place: Workplace;
let cloud: SweepCloud;
let folder: string;
let environment: Record<string, string>;

beforeEach(async () => {
  place = new Workplace();
  const bars = wavingBars(500);
  const price = (column: Float64Array, k: number): string => (column[k] / 100).toFixed(2);
  const rows = Array.from(bars.timestamp, (time, k) =>
    [time, ...[bars.open, bars.high, bars.low, bars.close].map((column) => price(column, k)), bars.volume[k]].join(),
  );
  place.write('bars.csv', `timestamp,open,high,low,close,volume\n${rows.join('\n')}\n`);
  const outputs = { 'plimsoll-data': { LakeBucket: BUCKET }, 'plimsoll-research': { SweepMachine: MACHINE } };
  place.write('outputs.json', JSON.stringify(outputs));
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-sweep-cloud-'));
  cloud = new SweepCloud(folder, place.directory);
  environment = await cloud.open();
});

afterEach(async () => {
  place.remove();
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

const here = (...more: string[]): Promise<Ended> => place.run(...SWEEP, ...more);
const start = (...more: string[]): Running =>
  place.startThrough(
    ['env', ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)],
    ...SWEEP,
    ...ON_AWS,
    ...more,
  );
const onAws = (...more: string[]): Promise<Ended> => start(...more).ended;
const placesRun = (): number[] =>
  cloud.batches.flatMap(({ Items }) =>
    Items.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, k) => from + k)),
  );

describe('plimsoll research sweep --on aws', () => {
  test('says what it costs and starts nothing without a yes', async () => {
    const { code, out, err } = await onAws();
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^Sweep +6 of 6 backtests, on AWS$/m);
    expect(err).toMatch(/^Measured +\d+\.\d\d ms of CPU a backtest, of 1 on this machine; taken 2 times there$/m);
    expect(err).toMatch(/^Lambda +\d+\.\d GB-s \$0\.\d{4}, 1 requests \$0\.0000$/m);
    expect(err).toMatch(/^Cost +about \$0\.\d{4}, by prices of us-east-1, June 2026, as quoted by others$/m);
    expect(err).toMatch(
      /The sweep would cost about \$0\.\d{4}\. Nothing was started.*Give the command again with --yes/,
    );
    expect([cloud.count('StartExecution'), cloud.count('PutObject')]).toEqual([0, 0]);
  });

  test('starts nothing that costs more than the bound, even with a yes', async () => {
    const { code, err } = await onAws('--yes', '--max-usd', '0.00001');
    expect(code).toBe(1);
    expect(err).toMatch(/more than --max-usd 0.00001\. Nothing was started/);
    expect([cloud.count('StartExecution'), cloud.count('PutObject')]).toEqual([0, 0]);
  });

  test('prints the bytes that a sweep on this machine prints, and counts the same trials', async () => {
    const [local, spread] = await Promise.all([
      here('--question', 'trend', '--trials', 'here.json'),
      onAws('--question', 'trend', '--trials', 'there.json', '--max-usd', '1'),
    ]);
    expect([spread.code, local.code, local.err]).toEqual([0, 0, '']);
    expect(spread.out).toBe(local.out);
    expect(JSON.parse(spread.out)).toMatchObject({ runs: 6, refused: 2 });
    const trials = (file: string): string => readFileSync(join(place.directory, file), 'utf8');
    expect(trials('there.json')).toBe(trials('here.json'));
    expect(spread.err).toMatch(/^Took +\d+\.\d s of functions for 6 backtests in 1 batches/m);
    expect(placesRun()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('given again, starts nothing and prints the same', async () => {
    const first = await onAws('--yes');
    const again = await onAws();
    expect([again.code, again.out]).toEqual([0, first.out]);
    expect(cloud.count('StartExecution')).toBe(1);
  });

  test('goes on after batches that failed, and runs only those', async () => {
    cloud.before = () => {
      if (cloud.batches.length === 1) throw Object.assign(new Error('a machine was lost'), { code: 'Lambda.Unknown' });
    };
    const broken = await onAws('--yes');
    expect([broken.code, broken.out]).toEqual([1, '']);
    expect(broken.err).toMatch(
      /8 of 8 combinations were not run \(Lambda\.Unknown: a machine was lost \(1 times\)\)\./,
    );
    expect(broken.err).toMatch(/give the same command again: only these are run then/);
    cloud.before = () => undefined;
    const again = await onAws('--yes');
    expect(again.code).toBe(0);
    expect(again.out).toBe((await here()).out);
    expect(new Set(cloud.executions.map(({ name }) => name)).size).toBe(2);
  });

  test('runs again what is missing of its results, and nothing else', async () => {
    const first = await onAws('--yes');
    const [key] = await cloud.objects
      .list(`${SWEEPS_PREFIX}`, { limit: 1_000 })
      .then((keys) => keys.filter((each) => each.includes('/results/')));
    const whole = resultFromBytes((await cloud.objects.get(key))!, { from: 0, to: 8 });
    const part = { ...whole, to: 3, ran: whole.ran.filter(({ place: at }) => at < 3) };
    rmSync(join(folder, key));
    const sweep = key.split('/')[1];
    await cloud.objects.put(SWEEPS_PREFIX + resultKey(sweep, part), resultToBytes(part));
    cloud.batches.length = 0;

    const again = await onAws('--yes');

    expect(again.err).toMatch(/^Sweep +3 of 6 backtests, on AWS$/m);
    expect(placesRun()).toEqual([3, 4, 5, 6, 7]);
    expect(again.out).toBe(first.out);
  });

  test('lets it go on at Ctrl-C, and takes it up again', async () => {
    cloud.holds = true;
    const left = start('--yes');
    await until(
      async () => cloud.count('DescribeMapRun'),
      (count) => count > 0,
    );
    const { code, out, err } = await left.kill('SIGINT');
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(
      /goes on on AWS without this process.*Give the same command to take it up again.*stop-execution --execution-arn arn:/s,
    );

    const again = start();
    await until(
      async () => cloud.count('ListExecutions'),
      (count) => count > 1,
    );
    await cloud.finish();
    const ended = await again.ended;
    expect([ended.code, ended.out]).toEqual([0, (await here()).out]);
    expect(ended.err).toMatch(/^Taken up +an execution of this sweep that runs$/m);
    expect(cloud.count('StartExecution')).toBe(1);
  });

  test('believes no result that a run on this machine contradicts', async () => {
    await onAws('--yes');
    const keys = await cloud.objects.list(SWEEPS_PREFIX, { limit: 1_000 });
    const key = keys.find((each) => each.includes('/results/'))!;
    const result = resultFromBytes((await cloud.objects.get(key))!, { from: 0, to: 8 });
    const [first, ...others] = result.ran;
    const better = { ...first, metrics: { ...first.metrics, totalReturn: 9 } };
    await cloud.objects.put(key, resultToBytes({ ...result, ran: [better, ...others] }));
    const { code, out, err } = await onAws('--question', 'trend', '--trials', 'none.json');
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/Run 0 came to something else on AWS than here\. No trial was counted/);
    expect(() => readFileSync(join(place.directory, 'none.json'))).toThrow();
  });

  test('ends as a sweep on this machine does where a run throws', async () => {
    const keys = async () =>
      (await cloud.objects.list(SWEEPS_PREFIX, { limit: 1_000 })).filter((each) => each.includes('/results/'));
    await onAws('--yes');
    const [key] = await keys();
    const result = resultFromBytes((await cloud.objects.get(key))!, { from: 0, to: 8 });
    const { place: at } = result.ran[2];
    const failed = [{ place: at, code: 'STRATEGY_TIMEOUT', message: 'a run was not over', remedy: 'look for a loop' }];
    await cloud.objects.put(
      key,
      resultToBytes({ ...result, ran: result.ran.filter((each) => each.place !== at), failed }),
    );
    const { code, out, err } = await onAws();
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/1 of 6 runs failed, the first because a run was not over\..*Look for a loop\./);
  });

  test('takes the prices of a file', async () => {
    const prices = {
      ...{ region: 'eu-west-1', asOf: 'today', lambdaGbSecond: 1, lambdaMillionRequests: 0, thousandTransitions: 0 },
      ...{ s3ThousandPuts: 0, s3ThousandGets: 0, s3GbMonth: 0, logsGb: 0 },
    };
    place.write('prices.json', JSON.stringify(prices));
    const { err } = await onAws('--prices', 'prices.json');
    // 2 s to start and a little: at least 2 s of 1,769 MB.
    const [, usd] = /^Cost +about \$(\d+\.\d\d), by prices of eu-west-1, today$/m.exec(err)!;
    expect(Number(usd)).toBeGreaterThanOrEqual(3.45);
  });
});

const wideAxes = (): string[] =>
  ['a', 'b', 'c'].flatMap((name) => ['--grid', `${name}=${Array.from({ length: 40 }, (_, k) => k).join()}`]);

describe('bad input of a sweep on AWS', () => {
  test.each([
    ['a place that is none', ['--on', 'mars'], /--on is "mars"/],
    ['no outputs', ['--on', 'aws'], /--on aws was given without --outputs/],
    ['outputs that are not there', [...ON_AWS, '--outputs', 'none.json'], /file of outputs could not be read/],
    ['outputs of another instance', [...ON_AWS, '--outputs', 'others.json'], /name no sweeps of "plimsoll"/],
    ['outputs that are no JSON', [...ON_AWS, '--outputs', 'bars.csv'], /file of outputs could not be read/],
    ['more functions than allowed', [...ON_AWS, '--concurrency', '501'], /501 functions at a time.*1 to 500/],
    ['no run to measure', [...ON_AWS, '--pilot', '0'], /0 runs were asked for to measure/],
    [
      'prices that are no JSON',
      [...ON_AWS, '--prices', 'bars.csv'],
      /prices of --prices cannot be used \(it is not JSON\)/,
    ],
    ['prices that are not there', [...ON_AWS, '--prices', 'none.json'], /there is no such file/],
    ['half of the prices', [...ON_AWS, '--prices', 'half.json'], /cannot be used \(lambdaMillionRequests/],
    ['a negative price', [...ON_AWS, '--prices', 'negative.json'], /cannot be used \(lambdaGbSecond/],
    ['a bound that is no number', [...ON_AWS, '--max-usd', 'much'], /not a number/],
    ['more than 100,000 runs', [...ON_AWS, '--grid', 'short=1,2', ...wideAxes()], /runs, more than 100000/],
  ])('says what is wrong with %s', async (_, given, what) => {
    place.write('others.json', JSON.stringify({ 'harbour-data': { LakeBucket: BUCKET } }));
    place.write('half.json', JSON.stringify({ region: 'x', asOf: 'y', lambdaGbSecond: 1 }));
    place.write('negative.json', JSON.stringify({ region: 'x', asOf: 'y', lambdaGbSecond: -1 }));
    const { code, out, err } = await place.run(...SWEEP, ...given);
    expect(code).toBeGreaterThan(0);
    expect(out).toBe('');
    expect(err).toMatch(what);
    expect(cloud.asked).toEqual([]);
  });
});
