// A walk forward as a sceptic is shown it: its test windows one after another, as data and as a page.
import { describe, expect, it, test } from 'vitest';
import { runBacktest } from '../../../../core/backtest/run.ts';
import type { BarColumns } from '../../../../core/market/bars.ts';
import { doubtsAboutForesight } from '../../../../core/research/report/reading.ts';
import {
  type StitchedAbout,
  stitchedDocument,
  stitchedDocumentIn,
} from '../../../../core/research/report/stitched-document.ts';
import { stitchedHtml } from '../../../../core/research/report/stitched-html.ts';
import { stitchedReport } from '../../../../core/research/report/stitched-report.ts';
import { copyBars } from '../../../../core/research/trace/variants.ts';
import { askedFrom } from '../../../../core/research/walk-forward/stretches.ts';
import { judgeWalk, walk } from '../../../../core/research/walk-forward/walk-forward.ts';
import { follows, gridDefinitions, persistentBars, tosses } from '../planted.ts';
import { HOUR_MS, START } from '../support.ts';

const OPTIONS = { trainBars: 300, testBars: 150, step: 200 };
const bars = persistentBars(1_500, 0.7);
const mapOf = (columns: BarColumns) => new Map([['A/USD', columns]]);
const SEEDED = { draws: 100, seed: 1 };

/** A walk over values of one parameter, and its report. */
function reported(of = follows, values: readonly number[] = [1, 4], columns = bars, feeBps = 5) {
  const definitions = gridDefinitions(of, of === follows ? 'lag' : 'coin', values, feeBps);
  const judged = judgeWalk(walk(definitions, mapOf(columns), OPTIONS));
  const windows = judged.windows.map((window) => ({
    ...window,
    definition: window.chosen === null ? null : definitions[window.chosen],
  }));
  const { warmUpBars } = judged;
  const report = stitchedReport(definitions[0], windows, mapOf(columns), judged, { warmUpBars, ...SEEDED });
  return { definitions, judged, windows, report };
}

const about = (windows: StitchedAbout['windows']): StitchedAbout => ({
  way: 're-optimised',
  version: '9.9.9',
  command: 'plimsoll research walk-forward --strategy "<follows>"',
  provenance: 'recorded',
  sources: [{ file: 'bars.parquet', sha256: 'a'.repeat(64) }],
  strategy: 'follows',
  codeHash: '00',
  params: {},
  symbols: ['A/USD'],
  timeframe: '1h',
  currency: 'USD',
  deposit: 100_000,
  question: null,
  training: { bars: 300, anchored: false, embargo: 0 },
  test: { bars: 150, step: 200, warmUp: 2, leftOver: 50 },
  windows,
  foresight: null,
  notes: ['A note.'],
  inSample: { meanSharpe: 77.77, sharpes: windows.map(() => 77.77) },
});

const whole = reported();
const decided = whole.windows.map((window) => ({ ...window, decidedBy: 'lag=1', foretold: null }));
const document = stitchedDocument(about(decided), whole.report);
const written = (change: object = {}): string => JSON.stringify({ ...document, ...change });

describe('the test windows of a walk, one after another', () => {
  const { definitions, judged, windows, report } = whole;

  it('come to what the windows came to, and to more without costs', () => {
    const [free, atOnce, twice] = report.costs.atMultiples.map(({ totalReturn }) => totalReturn);
    expect(atOnce).toBeCloseTo(judged.outOfSample.totalReturn, 10);
    expect(report.curve.equity.at(-1)).toBeCloseTo(1 + judged.outOfSample.totalReturn, 10);
    expect(free).toBeGreaterThan(atOnce);
    expect(twice).toBeLessThan(atOnce);
    expect(report.costs.fees).toBeCloseTo(
      report.traded.reduce((sum, { fees }) => sum + fees, 0),
      8,
    );
  });

  it('have the fees, fills and exposure of a backtest of each', () => {
    const k = 2;
    const from = (windows[k].test.from - START) / HOUR_MS;
    const [definition] = definitions;
    expect(windows[k].definition).toBe(definition);
    const { engine, equity } = runBacktest(
      { ...askedFrom(definition, windows[k].test.from + HOUR_MS), openedAt: windows[k].test.from },
      mapOf(copyBars(bars, from - judged.warmUpBars, from + 150)),
    );
    expect(equity.at(-1)! / equity[0] - 1).toBe(windows[k].outOfSample.totalReturn);
    const { fills, fees, exposure } = report.traded[k];
    expect(fills).toBeGreaterThan(10);
    // A taker pays five basis points of what it trades, some nine tenths of the account.
    expect(fees / (fills * 0.9 * (definition.cash / engine.moneyScale) * 5e-4)).toBeCloseTo(1, 0);
    expect(exposure).toBeGreaterThan(0.3);
    expect(exposure).toBeLessThan(0.8);
  });

  it('are held against buying and keeping in the same windows, and not between them', () => {
    const grown = windows.reduce((all, { test: { from } }) => {
      const first = (from - START) / HOUR_MS;
      return all * (bars.close[first + 149] / bars.close[first - 1]);
    }, 1);
    expect(report.benchmark.totalReturn).toBeCloseTo(grown - 1, 10);
    expect(report.curve.times).toHaveLength(windows.length * 150 + 1);
    expect(report.curve.times[0]).toBe(windows[0].test.from);
    expect(report.curve.times[151] - report.curve.times[150]).toBe(51 * HOUR_MS);
  });

  it('trade nothing and pay nothing where nothing was chosen', () => {
    const idle = windows.map((window, k) =>
      k === 1
        ? {
            ...window,
            definition: null,
            returns: new Float64Array(150),
            outOfSample: { sharpe: Number.NaN, totalReturn: 0, maxDrawdown: 0, trades: 0 },
          }
        : window,
    );
    const { traded, costs } = stitchedReport(definitions[0], idle, mapOf(bars), judged, {
      ...{ warmUpBars: judged.warmUpBars },
      ...SEEDED,
    });
    expect(traded[1]).toEqual({ fills: 0, fees: 0, funding: 0, exposure: 0, turnover: 0 });
    const others = windows
      .filter((_, k) => k !== 1)
      .reduce((all, { outOfSample }) => all * (1 + outOfSample.totalReturn), 1);
    expect(costs.atMultiples[1].totalReturn).toBeCloseTo(others - 1, 10);
  });

  it('are doubted: costs that took the profit, and luck', () => {
    const gambled = reported(tosses, [1, 2, 3], persistentBars(1_500, 0.5, 8), 30).report;
    expect(gambled.doubts).toContain('It made no profit out of sample.');
    expect(gambled.doubts.some((doubt) => /luck of \d+ trials/.test(doubt))).toBe(true);
    const dear = reported(follows, [1], persistentBars(1_500, 0.6), 60).report;
    expect(dear.costs.atMultiples[0].totalReturn).toBeGreaterThan(0);
    expect(dear.doubts.some((doubt) => /^Costs took all of a profit of [\d.]+ %\.$/.test(doubt))).toBe(true);
  });

  it.each([
    [
      { difference: -0.01, pValue: 0.01 },
      ['The models foretold less than who knows only how often prices rose before (p 0.010).'],
    ],
    [
      { difference: 0.01, pValue: 0.2 },
      ['The models are not told from who knows only how often prices rose before (p 0.200).'],
    ],
    [{ difference: 0.01, pValue: 0.01 }, []],
    [null, ['The models are not told from who knows only how often prices rose before.']],
  ])('are doubted by what the models knew: %j', (gained, doubts) => {
    const test = gained && { ...gained, standardError: 0.1, blockLength: 2, draws: 100 };
    const known = { rows: 10, refused: 0, logLoss: 0.7, baseline: 0.69, accuracy: 0.5, gained: test };
    expect(doubtsAboutForesight(known)).toEqual(doubts);
    expect(doubtsAboutForesight({ ...known, refused: 2 }).at(-1)).toBe('They gave no answer to 2 of 12 bars.');
  });
});

describe('a walk as data', () => {
  it('is read as it was written, by itself and within what the command prints', () => {
    const read = stitchedDocumentIn(written());
    expect(read).toEqual(document);
    expect(stitchedDocumentIn(JSON.stringify({ strategy: 'follows', stitched: document }))).toEqual(read);
    expect(read.windows[0]).toMatchObject({
      ...whole.windows[0].test,
      decidedBy: 'lag=1',
      trades: decided[0].outOfSample.trades,
    });
  });

  it('keeps a figure that is not defined as one', () => {
    const { outOfSample, trackRecord } = stitchedDocumentIn(
      written({ outOfSample: { ...document.outOfSample, sharpe: Number.NaN }, trackRecord: 'for ever' }),
    );
    expect([outOfSample.sharpe, trackRecord]).toEqual([Number.NaN, 'for ever']);
  });

  it('has a curve of 2,000 points at most, with its last', () => {
    const many = persistentBars(9_000, 0.5, 8);
    const [definition] = gridDefinitions(tosses, 'coin', [1], 0);
    const judged = judgeWalk(walk([definition], mapOf(many), { trainBars: 300, testBars: 8_000 }));
    const windows = judged.windows.map((window) => ({ ...window, definition, decidedBy: '', foretold: null }));
    const { warmUpBars } = judged;
    const report = stitchedReport(definition, windows, mapOf(many), judged, { warmUpBars, ...SEEDED });
    const { curve } = stitchedDocument(about(windows), report);
    expect(curve.times.length).toBeLessThanOrEqual(2_000);
    expect(curve.times.length).toBeGreaterThan(1_500);
    expect([curve.times.at(-1), curve.equity.at(-1)]).toEqual([report.curve.times.at(-1), report.curve.equity.at(-1)]);
  });

  test.each([
    ['that is cut short', '{', /it is not JSON/],
    ['that is a list', '[]', /cannot be read/],
    ['that is nothing', 'null', /cannot be read/],
    ['of another format', written({ format: 'plimsoll-stitched/2' }), /format/],
    ['without a window', written({ windows: [] }), /windows/],
    [
      'whose curve has columns of two lengths',
      written({ curve: { ...document.curve, held: [1] } }),
      /differ in length/,
    ],
    ['of no bars a year', written({ barsPerYear: 0 }), /barsPerYear/],
    ['of bars without a hash', written({ sources: [{ file: 'a', sha256: 'short' }] }), /sources: 0: sha256/],
    ['without costs', written({ costs: undefined }), /costs/],
  ])('bad input: a walk %s is refused', (_, text, sentence) => {
    expect(() => stitchedDocumentIn(text)).toThrow(
      expect.objectContaining({ code: 'WALK_FORWARD_INVALID', message: expect.stringMatching(sentence) }),
    );
  });
});

describe('a walk as a page', () => {
  const page = stitchedHtml(stitchedDocumentIn(written()));
  const [first, second] = page.split('<div class="second">');

  it('has nothing in sample on its first page', () => {
    expect(first).toContain('out of sample');
    expect(first).not.toMatch(/in sample/i);
    expect(first).not.toContain('77.77');
    expect(second).toContain('77.77');
    expect(second).toMatch(/In sample, beside it/);
  });

  it('needs no network and no script, and shows what is not ours as text', () => {
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<script|https?:|@import|url\(/);
    expect(page).toContain('&lt;follows&gt;');
    expect(page).not.toContain('<follows>');
  });

  it('is the same for the same walk, and shows every window with what decided in it', () => {
    expect(stitchedHtml(document)).toBe(page);
    expect(first.match(/<td>lag=1<\/td>/g)).toHaveLength(whole.windows.length);
    expect(first).toContain('recorded data');
  });

  it('shows what models knew, and no ratio in sample, where they were trained', () => {
    const foretold = { rows: 140, logLoss: 0.71, baseline: 0.695 };
    const foresight = {
      ...{ rows: 840, refused: 0, logLoss: 0.71, baseline: 0.695, accuracy: 0.49 },
      gained: { difference: -0.0169, pValue: 0.012 },
    };
    const windows = document.windows.map((window) => ({ ...window, decidedBy: '0123456789abcdef', foretold }));
    const trained = stitchedHtml({ ...document, way: 'retrained', windows, foresight, inSample: null });
    const [front] = trained.split('<div class="second">');
    for (const shown of [
      'What the models knew',
      '0.71000',
      '0.69500',
      '0123456789abcdef',
      'p 0.012',
      'trained before it',
    ])
      expect(front).toContain(shown);
    expect(trained).not.toMatch(/In sample, beside it/);
  });
});
