/** What data a backtest ran on: the bars of the cycles, and before them those of the lake. */
import { expect, it } from 'vitest';
import { openEmbedded } from '../../adapters/embedded/embedded.ts';
import { createLake } from '../../adapters/lake/lake.ts';
import { barsFromRows } from '../../core/market/bars.ts';
import { jobWork } from '../../functions/support/job-work.ts';
import { temporaryDirectory } from '../adapters/embedded/temporary.ts';
import { type Desk, openDesk, START, SYMBOLS } from './desk.ts';

const MINUTE = 60_000;
const [SYMBOL] = SYMBOLS;
const request = { strategy: 'sma-cross', params: { fast: 3, slow: 8 }, symbols: [SYMBOL], cash: 1_000, slippageBps: 0 };

interface Result {
  readonly bars: number;
  readonly data: { readonly series: readonly { readonly sha256: string }[] };
}

async function atDesk(work: (desk: Desk, lake: ReturnType<typeof createLake>) => Promise<void>): Promise<void> {
  const directory = temporaryDirectory();
  const desk = openDesk(directory);
  const visitor = openEmbedded({ directory, role: 'visitor' });
  try {
    await desk.run(30);
    await work(desk, createLake(visitor.objects));
  } finally {
    await visitor.close();
    await desk.close();
  }
}

async function resultOf({ ask }: Desk, given: object = {}): Promise<Result> {
  const { job }: { job: { error: string | null; result: Result } } = await ask('backtests.run', {
    ...request,
    ...given,
  });
  expect(job.error).toBeNull();
  return job.result;
}

it('is said in its result, with a hash that another span does not have', () =>
  atDesk(async (desk) => {
    const result = await resultOf(desk, { from: START + 10 * MINUTE });
    expect(result.data).toEqual({
      venue: 'exchange',
      timeframe: '1m',
      provenance: 'simulated',
      asked: { from: START + 10 * MINUTE, to: null },
      series: [
        {
          symbol: SYMBOL,
          bars: 20,
          from: START + 10 * MINUTE,
          to: START + 30 * MINUTE,
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      ],
    });
    const [again, other] = [await resultOf(desk, { from: START + 10 * MINUTE }), await resultOf(desk)];
    expect(again.data.series[0].sha256).toBe(result.data.series[0].sha256);
    expect(other.data.series[0].sha256).not.toBe(result.data.series[0].sha256);
  }));

it('reaches back into the lake for a span before the first cycle', () =>
  atDesk(async (desk, lake) => {
    const rows = Array.from({ length: 40 }, (_, k) => {
      const price = 6_000_000 + 10_000 * Math.round(10 * Math.sin(k));
      return { timestamp: START + (k - 40) * MINUTE, open: price, high: price, low: price, close: price, volume: 1 };
    });
    const series = { provenance: 'simulated', venue: 'exchange', symbol: SYMBOL, timeframe: '1m' } as const;
    await lake.appendBars({ ...series, bars: barsFromRows(rows, 2), knownAt: START });

    const result = await resultOf(desk, { from: START - 20 * MINUTE });

    expect(result).toMatchObject({ bars: 50, data: { series: [{ bars: 50, from: START - 20 * MINUTE }] } });
  }));

it('is refused for a kind of job that has no work', () =>
  atDesk(async ({ steps }, lake) => {
    const { ledger, configuration, registry } = steps;
    const order = { kind: 'dream', input: {} };
    const asked = jobWork({ ledger, lake, configuration, registry }, order, () => undefined);
    await expect(asked).rejects.toMatchObject({ code: 'JOB_KIND_UNKNOWN' });
  }));
