import { describe, expect, it } from 'vitest';
import { assertExactRange, InstrumentSchema, instrument, instrumentId } from '../../../core/market/instrument.ts';

const spot = { symbol: 'BTC/USDT', venue: 'binance', base: 'BTC', quote: 'USDT', settlement: 'USDT' };

describe('an instrument', () => {
  it('takes the documented defaults', () => {
    expect(instrument(spot)).toEqual({
      ...spot,
      type: 'spot',
      version: 1,
      priceDecimals: 2,
      quantityDecimals: 8,
      moneyDecimals: 8,
      multiplier: 1,
      makerFeeBps: 0,
      takerFeeBps: 0,
      initialMarginBps: 10_000,
      maintenanceMarginBps: 0,
      fundingIntervalMs: 0,
      borrowBpsPerYear: 0,
      calendar: '24/7',
    });
  });

  it('has an id of venue and symbol', () => {
    expect(instrumentId(instrument(spot))).toBe('binance:BTC/USDT');
  });

  it('refuses a key that it does not know', () => {
    expect(() => instrument({ ...spot, takerFeeBp: 10 } as never)).toThrowError(/takerFeeBp/);
    expect(InstrumentSchema.safeParse({ ...spot, takerFeeBp: 10 }).success).toBe(false);
  });

  it('refuses a fractional tick, which is a scaled integer', () => {
    expect(() => instrument({ ...spot, tickSize: 0.01 })).toThrowError(/tickSize/);
  });

  it('refuses an inverse perpetual that settles in its quote', () => {
    expect(() => instrument({ ...spot, type: 'inverse-perpetual' })).toThrowError(/settles in USDT/);
  });

  it('refuses a maintenance margin above the initial margin', () => {
    expect(() => instrument({ ...spot, initialMarginBps: 100, maintenanceMarginBps: 200 })).toThrowError(
      /maintenance margin of 200/,
    );
  });
});

describe('assertExactRange', () => {
  const bounds = { maxPrice: 1e6, maxQuantity: 1e6, maxMoney: 1e7 };

  it('accepts figures that stay below 2^53', () => {
    expect(() => assertExactRange(instrument(spot), bounds)).not.toThrow();
  });

  it('refuses and names the figure that could pass 2^53, with the most decimals that would do', () => {
    const wide = instrument({ ...spot, quantityDecimals: 18 });
    expect(() => assertExactRange(wide, bounds)).toThrowError(
      /binance:BTC\/USDT.*a quantity of 1000000 at 18 decimals is past 2\^53/,
    );
    try {
      assertExactRange(wide, bounds);
    } catch (error) {
      expect((error as { remedy: string }).remedy).toContain('quantityDecimals to at most 9');
    }
    expect(() => assertExactRange(instrument(spot), { ...bounds, maxMoney: 1e8 })).toThrowError(
      /a balance of 100000000/,
    );
  });

  it('refuses a bound that is not a number', () => {
    expect(() => assertExactRange(instrument(spot), { ...bounds, maxPrice: Number.NaN })).toThrowError(/NaN/);
  });
});
