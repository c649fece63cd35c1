import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openReplay, ReplayVenue, recordedInstrument } from '../../../adapters/venues/replay.ts';
import { barsFromRows } from '../../../core/market/bars.ts';
import { resample } from '../../../core/market/resample.ts';

const MINUTE = 60_000;
const START = Date.UTC(2024, 0, 1);
const DATA = process.env.PLIMSOLL_DATA ?? '../shared/data';
const ALWAYS = [0, Number.MAX_SAFE_INTEGER, 100_000] as const;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Bars of one minute at these minutes after the start. */
function minutes(...at: number[]) {
  return barsFromRows(
    at.map((minute) => {
      const price = 10_000 + minute * 10;
      return {
        timestamp: START + minute * MINUTE,
        open: price,
        high: price + 7,
        low: price - 5,
        close: price + 2,
        volume: 1.5,
      };
    }),
    2,
  );
}

function replayOf(series: Record<string, number[]>): ReplayVenue {
  return new ReplayVenue(
    'replay',
    Object.entries(series).map(([symbol, at]) => ({
      instrument: recordedInstrument('replay', symbol, 2),
      timeframe: '1m',
      bars: minutes(...at),
    })),
  );
}

async function opens(venue: ReplayVenue, symbol: string, timeframe: '1m' | '5m' = '1m'): Promise<number[]> {
  const [of] = await venue.instruments([symbol]);
  return (await venue.bars(of, timeframe, ...ALWAYS)).map((bar) => (bar.timestamp - START) / MINUTE);
}

describe('a replay', () => {
  test('moves its clock from one close to the next, over every symbol, and stays at the end', () => {
    const venue = replayOf({ 'BTC/USDT': [0, 1, 4], 'ETH/USDT': [1, 2] });
    expect(venue.provenance).toBe('recorded');
    expect([venue.now, venue.progress]).toEqual([undefined, { done: 0, total: 4 }]);
    const times = [venue.nextTime(), venue.nextTime(), venue.nextTime(), venue.nextTime()];
    expect(times).toEqual([1, 2, 3, 5].map((minute) => START + minute * MINUTE));
    expect([venue.ended, venue.nextTime(), venue.now]).toEqual([true, undefined, START + 5 * MINUTE]);
  });

  test('shows nothing before its first time, then only what has closed', async () => {
    const venue = replayOf({ 'BTC/USDT': [0, 1, 4], 'ETH/USDT': [1, 2] });
    expect(await opens(venue, 'BTC/USDT')).toEqual([]);
    venue.nextTime();
    expect([await opens(venue, 'BTC/USDT'), await opens(venue, 'ETH/USDT')]).toEqual([[0], []]);
    venue.nextTime();
    expect([await opens(venue, 'BTC/USDT'), await opens(venue, 'ETH/USDT')]).toEqual([[0, 1], [1]]);
  });

  test('makes longer bars of those it has, and shows one only when it is known', async () => {
    const venue = replayOf({ 'BTC/USDT': [0, 1, 2, 3, 4, 5, 6, 7, 12] });
    const seen: number[][] = [];
    for (let time = venue.nextTime(); time !== undefined; time = venue.nextTime())
      seen.push(await opens(venue, 'BTC/USDT', '5m'));
    // The bar of minute 5 lacks its last two minutes: it is known when the bar of minute 12 has closed.
    expect(seen.map((bars) => bars.length)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2]);
  });

  test('gives what it gave before to a run that resumes, whatever the time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { minLength: 1 }),
        fc.integer({ min: 0, max: 42 }),
        async (at, minute) => {
          const sorted = at.toSorted((x, y) => x - y);
          const [walked, sought] = [replayOf({ A: sorted }), replayOf({ A: sorted })];
          const time = START + minute * MINUTE;
          while (
            !walked.ended &&
            (walked.now ?? 0) < time &&
            START + (sorted[walked.progress.done] + 1) * MINUTE <= time
          )
            walked.nextTime();
          sought.seek(time);
          expect(sought.now).toBe(walked.now);
          expect(await opens(sought, 'A')).toEqual(await opens(walked, 'A'));
          expect(sought.nextTime()).toBe(walked.nextTime());
        },
      ),
    );
  });

  test('gives what opens in the span, and at most the limit', async () => {
    const venue = replayOf({ 'BTC/USDT': [0, 1, 2, 3] });
    venue.seek(START + 4 * MINUTE);
    const [of] = await venue.instruments(['BTC/USDT']);
    const span = await venue.bars(of, '1m', START + MINUTE, START + 3 * MINUTE, 10);
    expect(span.map((bar) => bar.open)).toEqual([10_010, 10_020]);
    expect(await venue.bars(of, '1m', START + 1, START + 4 * MINUTE, 1)).toEqual([span[0]]);
  });

  test('runs without a wait, or waits between bars as its pace says, and ends with the file', async () => {
    const waits: number[] = [];
    const sleep = async (milliseconds: number) => void waits.push(milliseconds);
    const seen: number[] = [];
    for await (const time of replayOf({ A: [0, 1, 2] }).times({ pace: 4, sleep })) seen.push((time - START) / MINUTE);
    expect([seen, waits]).toEqual([
      [1, 2, 3],
      [250, 250],
    ]);
    for await (const time of replayOf({ A: [0, 1, 2] }).times({ sleep })) seen.push(time);
    expect([seen.length, waits.length]).toEqual([6, 2]);
    await expect(
      replayOf({ A: [0] })
        .times({ pace: 0 })
        .next(),
    ).rejects.toMatchObject({ code: 'REPLAY_PACE_INVALID' });
  });

  test('ends when it is told to stop, in the middle of a wait too', async () => {
    const stop = new AbortController();
    const venue = replayOf({ A: [0, 1, 2] });
    const seen: number[] = [];
    for await (const time of venue.times({ pace: 0.001, signal: stop.signal })) {
      seen.push(time);
      setImmediate(() => stop.abort());
    }
    expect([seen.length, venue.ended]).toEqual([1, false]);
  });

  test('names the nearest symbol for one that the file lacks, and refuses a shorter timeframe', async () => {
    const venue = replayOf({ 'BTC/USDT': [0, 1] });
    await expect(venue.instruments(['BTC/USD'])).rejects.toMatchObject({
      code: 'SYMBOL_UNKNOWN',
      remedy: 'use BTC/USDT',
    });
    const [of] = await venue.instruments(['BTC/USDT']);
    await expect(venue.bars(of, '30s', ...ALWAYS)).rejects.toMatchObject({ code: 'TIMEFRAME_NOT_MULTIPLE' });
  });
});

describe('a replay of a file', () => {
  test('reads symbols, timeframe and decimals from it', async () => {
    const path = join(folder, 'two.csv');
    const row = (symbol: string, minute: number, price: string) =>
      `${symbol},${START + minute * MINUTE},${price},${price},${price},${price},1`;
    const rows = [
      row('BTC/USDT', 0, '100.25'),
      row('BTC/USDT', 5, '101.5'),
      row('ETH_EUR', 0, '7.1'),
      row('ETH_EUR', 5, '7.125'),
    ];
    writeFileSync(path, ['symbol,timestamp,open,high,low,close,volume', ...rows].join('\n'));
    const venue = await openReplay({ path });
    const [bitcoin, ether] = await venue.instruments(venue.symbols);
    expect([venue.timeframeOf('BTC/USDT'), bitcoin.priceDecimals, ether.priceDecimals]).toEqual(['5m', 2, 3]);
    expect([ether.base, ether.quote, ether.settlement]).toEqual(['ETH', 'EUR', 'EUR']);
    venue.seek(START + 5 * MINUTE);
    expect(await venue.bars(ether, '5m', ...ALWAYS)).toEqual([
      { timestamp: START, open: 7100, high: 7100, low: 7100, close: 7100, volume: 1 },
    ]);
  });

  test('asks for the timeframe of a single bar', async () => {
    const path = join(folder, 'one.csv');
    writeFileSync(path, `timestamp,open,high,low,close,volume\n${START},1,1,1,1,1\n`);
    await expect(openReplay({ path, symbols: ['A/B'] })).rejects.toMatchObject({ code: 'TIMEFRAME_REQUIRED' });
    expect((await openReplay({ path, symbols: ['A/B'], timeframe: '1h' })).nextTime()).toBe(START + 3_600_000);
  });

  const recorded = join(DATA, 'crypto/binance_btcusdt_1m_2024_02.parquet');
  test.runIf(existsSync(recorded))(
    'replays recorded minutes, and their longer bars without looking ahead',
    async () => {
      const venue = await openReplay({ path: recorded, symbols: ['BTC/USDT'] });
      const [of] = await venue.instruments(['BTC/USDT']);
      let cycles = 0;
      let hours = 0;
      for await (const time of venue.times()) {
        cycles++;
        if (time % 3_600_000 !== 0) continue;
        const seen = await venue.bars(of, '1h', ...ALWAYS);
        expect(seen.at(-1)!.timestamp + 3_600_000).toBe(time);
        hours = seen.length;
      }
      const minutesOfFile = await venue.bars(of, '1m', ...ALWAYS);
      const whole = resample(barsFromRows(minutesOfFile, of.priceDecimals), '1m', '1h');
      expect([cycles, hours]).toEqual([1980, whole.bars.length]);
    },
  );
});
