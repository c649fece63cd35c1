import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limitsSchema } from '../../../core/risk/limits.ts';
import { riskReportHtml } from '../../../core/risk/report/html.ts';
import { limitStates } from '../../../core/risk/report/limit-use.ts';
import { isRefused, type TailFigure } from '../../../core/risk/report/tail.ts';
import { report as reportSchema } from '../../../operations/risk/schema.ts';
import { DAY, perpetual, spot } from '../engine/account.ts';
import { B, closesOf, HOLDINGS, RETURNS, reportOf, scenario, standing, TIME } from './report-support.ts';

const LIMITS = {
  maxGrossExposure: 0.5,
  maxDailyLoss: 0.04,
  maxWeeklyLoss: 0.1,
  maxDrawdown: 0.25,
  haltDrawdown: 0.5,
  maxInstrumentExposure: 0.4,
  maxOpenOrderNotional: 2_000,
  maxOrderNotional: 1_000,
  groups: [{ symbols: ['A/USD', 'B/USD'], maxExposure: 0.9 }],
};

describe('the report of an account worked out by hand', () => {
  const worked = () => reportOf(standing({ limits: LIMITS }));

  it('says whose it is, of when, and where its figures come from', () => {
    const report = worked();
    expect(report).toMatchObject({
      account: 'paper',
      kind: 'paper',
      provenance: 'simulated',
      currency: 'USD',
      date: '2023-11-14',
      asOf: TIME,
      tradingState: 'Active',
      equity: 10_000,
      cash: 6_000,
      freeCash: 5_500,
    });
  });

  it('adds up what is held and what works', () => {
    const report = worked();
    const { exposure } = report;
    expect(exposure).toMatchObject({ gross: 4_500, grossShare: 0.45, net: 4_000, netShare: 0.4, workingOrders: 1 });
    expect(exposure.openOrderNotional).toBe(500);
    expect(exposure.groups).toEqual([{ symbols: ['A/USD', 'B/USD'], gross: 4_500, limit: 9_000 }]);
    expect(exposure.instruments).toEqual([
      {
        symbol: 'A/USD',
        quantity: 30,
        price: 100,
        pricedAt: TIME,
        value: 3_000,
        workingBuys: 0,
        workingSells: 0,
        gross: 3_000,
        share: 0.3,
      },
      {
        symbol: 'B/USD',
        quantity: 20,
        price: 50,
        pricedAt: TIME,
        value: 1_000,
        workingBuys: 500,
        workingSells: 0,
        gross: 1_500,
        share: 0.15,
      },
    ]);
  });

  it('measures the losses of the day, the week and from the peak', () => {
    const report = worked();
    expect(report.losses).toEqual({
      day: { from: 10_200, loss: 200, share: 200 / 10_200 },
      week: { from: 9_900, loss: -100, share: -100 / 9_900 },
      drawdown: { from: 12_500, loss: 2_500, share: 0.2 },
    });
  });

  it('shows each limit that is used up, nearest to its threshold first', () => {
    const report = worked();
    const used = report.limits.map(({ name, use }) => [name, use.used, use.limit, use.unit, use.where]);
    expect(used).toEqual([
      ['maxGrossExposure', 4_500, 5_000, 'USD', 'A/USD, buying'],
      ['maxDrawdown', 2_500, 3_125, 'USD', null],
      ['maxInstrumentExposure', 3_000, 4_000, 'USD', 'A/USD, buying'],
      ['groups', 4_500, 9_000, 'USD', 'A/USD, buying'],
      ['maxDailyLoss', 200, 408, 'USD', null],
      ['maxNetExposure', 4_500, 10_000, 'USD', 'A/USD, buying'],
      ['haltDrawdown', 2_500, 6_250, 'USD', null],
      ['maxOpenOrderNotional', 500, 2_000, 'USD', null],
      ['maxWorkingOrders', 1, 500, 'orders', null],
      ['maxOrdersPerMinute', 0, 600, 'orders a minute', null],
      ['maxWeeklyLoss', 0, 990, 'USD', null],
    ]);
    expect(report.orderLimits.map(({ name }) => name)).toContain('maxOrderNotional');
    expect(report.armed).toBeNull();
  });

  it('has the historical figures from the days as they were, and a reason where they are too few', () => {
    const report = worked();
    const historical = report.tail.figures.filter(({ method }) => method === 'historical');
    const [at95, at99] = historical;
    // Type 7 between the two worst days of twenty, at place 0.95: -10 % + 0.95 × 5 %, of 3,000.
    expect((at95 as TailFigure).valueAtRisk).toBeCloseTo(157.5, 9);
    expect((at95 as TailFigure).expectedShortfall).toBeCloseTo(300, 9);
    expect(at99).toEqual({
      method: 'historical',
      confidence: 0.99,
      code: 'RISK_OBSERVATIONS_TOO_FEW',
      because: 'A/USD has 20 observations where 100 are needed',
    });
    expect(report.tail).toMatchObject({ days: 20, from: TIME - 20 * DAY, to: TIME - DAY });
  });

  it('has the normal figures from mean and deviation', () => {
    const report = worked();
    const figure = report.tail.figures.find(({ method }) => method === 'variance-covariance') as TailFigure;
    const mean = RETURNS.reduce((sum, value) => sum + value, 0) / 20;
    const variance = RETURNS.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 19;
    // Φ⁻¹(0.05) = -1.6448536269514722.
    expect(figure.valueAtRisk).toBeCloseTo(3_000 * (1.6448536269514722 * Math.sqrt(variance) - mean), 9);
  });

  it('shares the figures out among the positions: what never moved adds nothing', () => {
    const report = worked();
    for (const figure of report.tail.figures) {
      if (isRefused(figure)) continue;
      const [a, b] = figure.positions;
      expect(a.componentValueAtRisk).toBeCloseTo(figure.valueAtRisk, 9);
      expect(b.componentValueAtRisk).toBe(0);
    }
  });

  it('takes the positions through the named days', () => {
    const report = worked();
    const [crash] = report.stress;
    expect(crash).toMatchObject({ id: 'crash', profit: -1_400, worst: -1_750, missing: [] });
    const [partly] = reportOf(standing(), {
      scenarios: [scenario({ 'A/USD': { change: -0.4, lowest: -0.5, highest: 0 } }, { 'B/USD': 'it has no bars' })],
    }).stress;
    expect(partly).toMatchObject({ profit: null, worst: null });
    expect(partly.positions).toEqual([{ symbol: 'A/USD', change: -0.4, profit: -1_200 }]);
    expect(partly.missing).toEqual([{ instrument: 'B/USD', value: 1_000, because: 'it has no bars' }]);
  });

  it('has nothing in it that its schema does not name', () => {
    const report = worked();
    const json = JSON.parse(JSON.stringify(report));
    expect(reportSchema.parse(json)).toEqual(json);
  });
});

describe('what is not known', () => {
  it('is said where a price is missing: no figure is made without it', () => {
    const unpriced = [HOLDINGS[0], { instrument: B, units: 20, price: 0 }];
    const { exposure, tail, stress, notes } = reportOf(standing({ holdings: unpriced }));
    expect(exposure).toMatchObject({ gross: null, net: null, grossShare: null });
    expect(tail.figures.every((figure) => isRefused(figure) && figure.code === 'PRICE_MISSING')).toBe(true);
    expect(stress).toEqual([]);
    expect(notes.join(' ')).toMatch(/B\/USD has no price yet, though it is held/);
  });

  it('is said where the days are too few, with how many there are', () => {
    const closes = new Map([
      ['A/USD', closesOf(RETURNS.slice(0, 19))],
      ['B/USD', closesOf(RETURNS.slice(0, 19))],
    ]);
    const { figures, days, profits } = reportOf(standing(), { closes }).tail;
    expect(days).toBe(19);
    expect(profits).toEqual([]);
    expect(figures).toHaveLength(6);
    for (const figure of figures)
      expect(figure).toMatchObject({ because: expect.stringMatching(/there are 19 daily returns .*20 .* needed/) });
    const [none] = reportOf(standing(), { closes: new Map() }).tail.figures;
    expect(none).toMatchObject({ because: expect.stringMatching(/A\/USD has 0 daily closes/) });
  });

  it('is nothing where nothing is held', () => {
    const flat = HOLDINGS.map(({ instrument, price }) => ({ instrument, price, units: 0 }));
    const { exposure, tail, stress, liquidations } = reportOf(standing({ holdings: flat }));
    expect(exposure).toMatchObject({ gross: 0, net: 0, instruments: [] });
    expect(tail.figures.every((figure) => isRefused(figure) && figure.code === 'RISK_NO_POSITIONS')).toBe(true);
    expect([stress, liquidations]).toEqual([[], []]);
  });

  it('is named in words: an old price, an old history, days left out, a platform that stands still', () => {
    const old = standing();
    old.markets[0].pricedAt = TIME - 10 * 60_000;
    const late = closesOf([...RETURNS, 0.01, 0.01]);
    const shifted = { ...late, timestamp: late.timestamp.map((time, k) => time - 10 * DAY - (k === 0 ? DAY : 0)) };
    const { notes } = reportOf(old, {
      closes: new Map([
        ['A/USD', shifted],
        ['B/USD', shifted],
      ]),
      now: TIME + 3_600_000,
      date: '2023-11-13',
    });
    expect(notes).toEqual([
      expect.stringMatching(/^No cycle closed at the end of 2023-11-13/),
      expect.stringMatching(/^The last cycle closed at 2023-11-15T00:00:00Z, and it is 2023-11-15T01:00:00Z/),
      expect.stringMatching(/^The last price of A\/USD is of 2023-11-14T23:50:00Z/),
      expect.stringMatching(/working orders would add is in the exposure alone/),
      expect.stringMatching(/^The daily history ends on 2023-11-04/),
    ]);
    expect(reportOf(standing({ holdings: [HOLDINGS[0]] })).notes).toEqual([]);
  });
});

describe('a perpetual', () => {
  const P = perpetual();

  it('shows how far it is from liquidation, in usual days where they are known', () => {
    const engine = standing({ holdings: [{ instrument: P, units: 2, price: 100 }], cash: 1_000 });
    const known = reportOf(engine, { closes: new Map([['P/USD', closesOf(RETURNS)]]) });
    expect(known.liquidations).toHaveLength(1);
    const [one] = known.liquidations;
    // 100 × 0.9 ÷ 0.95, up to the next tick.
    expect(one).toMatchObject({ instrument: 'P/USD', strategy: 'scripted', side: 'long', liquidationPrice: 94.74 });
    expect(one.distance).toBeCloseTo(0.0526, 12);
    expect(one.dailyVolatilities).toBeGreaterThan(0);
    const [unknown] = reportOf(engine, { closes: new Map() }).liquidations;
    expect(unknown.dailyVolatilities).toBeNull();
  });

  it('stands nearest first', () => {
    const holdings = [
      { instrument: P, units: 2, price: 100 },
      { instrument: perpetual({ symbol: 'Q/USD', initialMarginBps: 5_000 }), units: -2, price: 100 },
    ];
    const { liquidations } = reportOf(standing({ holdings, cash: 1_000 }), { closes: new Map() });
    expect(liquidations.map(({ instrument, side }) => [instrument, side])).toEqual([
      ['P/USD', 'long'],
      ['Q/USD', 'short'],
    ]);
  });
});

describe('the use of limits', () => {
  const share = fc.double({ min: 0.01, max: 5, noNaN: true });
  const setting = fc.record({
    limits: fc.record({
      maxGrossExposure: share,
      maxNetExposure: share,
      maxInstrumentExposure: share,
      maxCapitalInUse: fc.double({ min: 0.01, max: 1, noNaN: true }),
      maxPositionNotional: fc.integer({ min: 1, max: 100_000 }),
      budget: fc.integer({ min: 1, max: 100_000 }),
      maxDailyLoss: fc.double({ min: 0.01, max: 1, noNaN: true }),
      maxDrawdown: fc.double({ min: 0.01, max: 1, noNaN: true }),
    }),
    units: fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 500 })),
    cash: fc.integer({ min: 1, max: 20_000 }),
    working: fc.integer({ min: 0, max: 500 }),
  });

  it('adds up: used and room are the limit, whatever is held, and the nearest stands first', () => {
    fc.assert(
      fc.property(setting, ({ limits, units: [first, second], cash, working }) => {
        const holdings = [
          { instrument: spot(), units: first, price: 100 },
          { instrument: B, units: second, price: 50, working },
        ];
        const report = reportOf(standing({ holdings, limits, cash }));
        for (const { use } of report.limits) {
          expect(use.used + use.room).toBeCloseTo(use.limit, 6);
          expect(use.used).toBeGreaterThanOrEqual(0);
          if (use.limit > 0) expect(use.share).toBeCloseTo(use.used / use.limit, 9);
        }
        const shares = report.limits.map(({ use }) => use.share);
        expect(shares).toEqual([...shares].sort((a, b) => b - a));
        const usedOf = (name: string) => report.limits.find((limit) => limit.name === name)!.use.used;
        expect(usedOf('maxGrossExposure')).toBeCloseTo(first * 100 + second * 50 + working, 6);
        expect(usedOf('budget')).toBeCloseTo(first * 100 + second * 50 + working, 6);
        expect(usedOf('maxPositionNotional')).toBeCloseTo(Math.max(first * 100, second * 50 + working), 6);
      }),
      { numRuns: 200 },
    );
  });

  it('says of a limit that is passed by how much', () => {
    const { limits } = reportOf(standing({ limits: { maxGrossExposure: 0.2 } }));
    expect(limits[0]).toMatchObject({ name: 'maxGrossExposure', use: { limit: 2_000, used: 4_500, room: -2_500 } });
    expect(limits[0].use.share).toBe(2.25);
  });

  it('lists every limit that there is, with its default and who answers for it', () => {
    const states = limitStates(limitsSchema.parse({ maxDailyLoss: 0.03 }));
    expect(states.map(({ name }) => name)).toEqual(Object.keys(limitsSchema.shape));
    const byName = new Map(states.map((state) => [state.name, state]));
    expect(byName.get('maxGrossExposure')).toMatchObject({ setting: 1, default: 1, owner: 'risk', use: null });
    expect(byName.get('maxWorkingOrders')).toMatchObject({ default: 500, owner: 'operations' });
    expect(byName.get('maxDailyLoss')).toMatchObject({ setting: 0.03, default: null });
    expect(byName.get('losingStreak')).toMatchObject({ setting: null, owner: 'trader' });
    expect(states.filter(({ meaning }) => meaning === '')).toEqual([]);
  });
});

describe('the page', () => {
  it('names the provenance, and escapes what is not ours', () => {
    const html = riskReportHtml(reportOf(standing(), { account: '<img src=x>' }));
    expect(html).toMatch(/<\/h1>\s*<p><span class="badge">simulated data<\/span>/);
    expect(html).toContain('<body class="simulated">');
    expect(html).not.toContain('<img');
  });

  it('says why a figure is not known, once for each reason', () => {
    const html = riskReportHtml(reportOf(standing(), { closes: new Map() }));
    expect(html.match(/Not known by/g)).toHaveLength(1);
    expect(html).toContain('A/USD has 0 daily closes');
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
  });
});
