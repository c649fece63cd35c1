import { expect, it } from 'vitest';
import { PlimsollError } from '../../../core/errors.ts';
import type { Bar } from '../../../core/market/bars.ts';
import { type Instrument, instrument } from '../../../core/market/instrument.ts';
import type { MarketDataPort } from '../../../core/ports/market-data.ts';
import { type GatherRequest, gatherBars } from '../../../functions/steps/gather.ts';

const MINUTE = 60_000;
/** A Tuesday, 15:00 in New York. */
const START = Date.UTC(2024, 1, 6, 20);
const at = (minute: number): number => START + minute * MINUTE;
const of = (symbol: string, calendar: Instrument['calendar'] = '24/7') =>
  instrument({ symbol, venue: 'test', base: symbol, quote: 'USD', settlement: 'USD', calendar });

it('gives each time the bars that closed then', async () => {
  const venue = new Venue({ A: [0, 1, 2], B: [0, 1, 2] });
  const gathered = await gather(venue, [of('A'), of('B')], [at(1), at(2), at(3)]);
  expect(gathered.map(({ asOf, bars }) => [asOf, bars.get('A')?.timestamp, bars.get('B')?.timestamp])).toEqual([
    [at(1), at(0), at(0)],
    [at(2), at(1), at(1)],
    [at(3), at(2), at(2)],
  ]);
  expect(venue.asked).toBe(2);
});

it('waits for a bar that is late, and takes it when it comes', async () => {
  const venue = new Venue({ A: [0], B: [0] }, { B: 3_000 });
  const [{ bars }] = await gather(venue, [of('A'), of('B')], [at(1)]);
  expect([...bars.keys()]).toEqual(['A', 'B']);
  expect(venue.time).toBe(3_000);
});

it('goes on without a bar that has not come by the deadline', async () => {
  const venue = new Venue({ A: [0], B: [0] }, { B: 60_000 });
  const [{ bars }] = await gather(venue, [of('A'), of('B')], [at(1)]);
  expect([...bars.keys()]).toEqual(['A']);
  expect(venue.time).toBe(10_000);
});

it('counts a bar that the quality check refuses as missing, and says why', async () => {
  const venue = new Venue({ A: [0], B: [0] });
  venue.change = (symbol, bar) => (symbol === 'B' ? { ...bar, high: bar.low - 1 } : bar);
  const [{ bars, refused }] = await gather(venue, [of('A'), of('B')], [at(1)]);
  expect([...bars.keys()]).toEqual(['A']);
  expect(refused.get('B')).toMatch(/do not hold open/);
});

it('goes on without an instrument that the venue cannot be asked for', async () => {
  const venue = new Venue({ A: [0] });
  const [{ bars }] = await gather(venue, [of('A'), of('B')], [at(1)]);
  expect([...bars.keys()]).toEqual(['A']);
});

it('fails when the venue cannot be asked for anything until the deadline', async () => {
  const venue = new Venue({});
  await expect(gather(venue, [of('A')], [at(1)])).rejects.toThrow(
    expect.objectContaining({ code: 'VENUE_UNAVAILABLE' }),
  );
  expect(venue.time).toBe(10_000);
});

it('passes on at once what no waiting mends', async () => {
  const venue = new Venue({ A: [0] });
  venue.change = () => {
    throw new PlimsollError('SYMBOL_UNKNOWN', 'there is no A', 'use B');
  };
  await expect(gather(venue, [of('A')], [at(1)])).rejects.toThrow(expect.objectContaining({ code: 'SYMBOL_UNKNOWN' }));
  expect(venue.time).toBe(0);
});

it('neither waits for bars that no calendar expects nor opens a cycle for them', async () => {
  const night = at(6 * 60);
  const venue = new Venue({ SHARE: [] });
  expect(await gather(venue, [of('SHARE', 'XNYS')], [night])).toEqual([]);
  expect(venue.time).toBe(0);
});

it('opens an empty cycle where bars were expected and none came', async () => {
  const venue = new Venue({ A: [] });
  const gathered = await gather(venue, [of('A')], [at(1)]);
  expect(gathered.map(({ asOf, bars }) => [asOf, bars.size])).toEqual([[at(1), 0]]);
});

it('refuses more cycles at once than it can hold', async () => {
  const times = Array.from({ length: 10_001 }, (_, k) => at(k));
  await expect(gather(new Venue({ A: [] }), [of('A')], times)).rejects.toThrow(/10001 cycles at once/);
});

function gather(venue: Venue, instruments: readonly Instrument[], times: readonly number[]) {
  const clock: Pick<GatherRequest, 'now' | 'sleep' | 'waitUntil'> = {
    waitUntil: 10_000,
    now: () => venue.time,
    sleep: async (milliseconds) => {
      venue.time += milliseconds;
    },
  };
  return gatherBars({ venue, instruments, timeframe: '1m', times, ...clock });
}

/** A venue whose bars come out at times of its own; asked for a symbol that it does not have, it is unavailable. */
class Venue implements MarketDataPort {
  readonly venue = 'test';
  readonly provenance = 'live';
  time = 0;
  asked = 0;
  change = (_symbol: string, bar: Bar): Bar => bar;
  readonly #minutes: Record<string, number[]>;
  readonly #outAt: Record<string, number>;

  constructor(minutes: Record<string, number[]>, outAt: Record<string, number> = {}) {
    this.#minutes = minutes;
    this.#outAt = outAt;
  }

  async instruments(): Promise<Instrument[]> {
    return [];
  }

  async bars({ symbol }: Instrument, _timeframe: string, from: number, to: number, limit: number): Promise<Bar[]> {
    this.asked++;
    const minutes = this.#minutes[symbol];
    if (!minutes) throw new PlimsollError('VENUE_UNAVAILABLE', 'the venue is away', 'try again');
    if (this.time < (this.#outAt[symbol] ?? 0)) return [];
    const bar = { open: 100, high: 110, low: 90, close: 105, volume: 1 };
    return minutes
      .map((minute) => this.change(symbol, { timestamp: at(minute), ...bar }))
      .filter(({ timestamp }) => timestamp >= from && timestamp < to)
      .slice(0, limit);
  }

  async close(): Promise<void> {}
}
