/**
 * The figures of risk beside those of other libraries, on recorded returns. Each is held to 1e-8 where the definition is the same;
 * where it is not, the test says how it differs.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { correlationOf, covarianceOf, ewmaVariance } from '../../../../core/risk/portfolio/covariance.ts';
import {
  alignedReturns,
  closeReturns,
  type ReturnTable,
  returnTable,
} from '../../../../core/risk/portfolio/returns.ts';
import { momentsOf } from '../../../../core/risk/portfolio/sample.ts';
import { type ShrinkageTarget, shrunkCovariance } from '../../../../core/risk/portfolio/shrinkage.ts';
import {
  cornishFisherTail,
  historicalTail,
  tailRisks,
  varianceCovarianceTail,
} from '../../../../core/risk/portfolio/tail-risk.ts';
import { kellyOfOdds } from '../../../../core/risk/sizing-methods/kelly.ts';
import { riskParity } from '../../../../core/risk/sizing-methods/risk-parity.ts';
import { normalQuantile } from '../../../../core/statistics/normal-quantile.ts';
import { recorded, recordedFound, recordedSeries } from '../../market/recorded.ts';
import { expectClose, largestDifference } from './compare.ts';
import { askReference } from './python.ts';

const CONFIDENCES = [0.9, 0.95, 0.99];
const HORIZON = 10;
const DECAY = 0.94;
const SAME = 1e-8;

interface Tail {
  readonly valueAtRisk: number;
  readonly expectedShortfall: number;
}
interface EmpyricalTail {
  readonly valueAtRisk: number;
  readonly conditionalValueAtRisk: number;
}
interface CornishFisher extends Tail {
  readonly skewness: number;
  readonly kurtosis: number;
  readonly rises: boolean;
}
interface SeriesAnswer {
  readonly tails: readonly {
    readonly empyrical: EmpyricalTail;
    readonly empyricalOverHorizon: EmpyricalTail;
    readonly quantstats: {
      readonly valueAtRisk: number;
      readonly parametricShortfall: number;
      readonly historicalShortfall: number;
    };
    readonly cornishFisher: CornishFisher;
    readonly cornishFisherOverHorizon: CornishFisher;
  }[];
  readonly archVariance: readonly number[];
  readonly kellyOfOdds: number;
  readonly volatility: number;
}
interface Shrunk {
  readonly shrinkage: number;
  readonly covariance: readonly number[];
}
interface TableAnswer {
  readonly covariance: readonly number[];
  readonly correlation: readonly number[];
  readonly ledoitWolf: Shrunk;
  readonly constantCorrelation: Shrunk;
  readonly constantCorrelationAsShipped: Shrunk;
  readonly riskParity: readonly number[];
}
interface Answer {
  readonly series: Readonly<Record<string, SeriesAnswer>>;
  readonly tables: Readonly<Record<string, TableAnswer>>;
  readonly normalQuantiles: readonly number[];
}

const COINS = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT', 'DOGE/USDT', 'ARB/USDT'];
const PROBABILITIES = [
  1e-300, 1e-30, 1e-12, 1e-7, 1e-4, 0.001, 0.01, 0.05, 0.074, 0.076, 0.3, 0.5, 0.6, 0.924, 0.95, 0.999999,
];

/** Where `npm test` finds no Python it says so, and in the same words leaves out the local cloud. */
const canCompare = recordedFound && process.env.PLIMSOLL_WITHOUT_CLOUD !== '1';

describe.skipIf(!canCompare)('risk numbers beside other libraries', () => {
  const series = new Map<string, Float64Array>();
  const tables = new Map<string, ReturnTable>();
  let answer: Answer;

  beforeAll(async () => {
    const bars = await recorded('crypto/binance_spot_1d_2024.parquet');
    for (const coin of COINS) series.set(coin, closeReturns(bars.get(coin)!));
    series.set('SPY', closeReturns(await recordedSeries('equity/spy_1d.parquet')));
    series.set('EURUSD', closeReturns(await recordedSeries('fx/eurusd_d1_2012_2022.parquet')));
    tables.set('coins', alignedReturns(new Map(COINS.map((coin) => [coin, bars.get(coin)!]))));
    // More instruments than returns, so that the sample covariance alone is singular.
    const many = [...bars].filter(([, { length }]) => length === 250).slice(0, 40);
    const wide = alignedReturns(new Map(many));
    tables.set('wide', returnTable(new Map(wide.instruments.map((name, i) => [name, wide.columns[i].slice(0, 30)]))));
    const spy = await recordedSeries('equity/spy_1d.parquet');
    const qqq = await recordedSeries('equity/qqq_1d.parquet');
    tables.set(
      'shares',
      alignedReturns(
        new Map([
          ['SPY', spy],
          ['QQQ', qqq],
        ]),
      ),
    );
    answer = await askReference<Answer>({
      series: Object.fromEntries([...series].map(([name, values]) => [name, [...values]])),
      tables: Object.fromEntries(
        [...tables].map(([name, { columns }]) => [name, columns.map((column) => [...column])]),
      ),
      confidences: CONFIDENCES,
      horizon: HORIZON,
      decay: DECAY,
      probabilities: PROBABILITIES,
    });
  });

  /** Calls `check` for each series and confidence, and gives how often. */
  function forEachTail(
    check: (returns: Float64Array, confidence: number, tail: SeriesAnswer['tails'][number]) => void,
  ): void {
    let checked = 0;
    for (const [name, returns] of series) {
      CONFIDENCES.forEach((confidence, at) => {
        check(returns, confidence, answer.series[name].tails[at]);
        checked++;
      });
    }
    expect(checked).toBe(7 * CONFIDENCES.length);
  }

  test('the normal quantile is that of scipy', () => {
    expectClose(PROBABILITIES.map(normalQuantile), answer.normalQuantiles, 1e-14);
  });

  test('historical value at risk and shortfall are those of empyrical, with the sign of a loss', () => {
    forEachTail((returns, confidence, { empyrical }) => {
      const { valueAtRisk, expectedShortfall } = historicalTail(returns, { confidence });
      expectClose([valueAtRisk, expectedShortfall], [-empyrical.valueAtRisk, -empyrical.conditionalValueAtRisk], SAME);
    });
  });

  test('historical shortfall is that of quantstats', () => {
    forEachTail((returns, confidence, { quantstats }) => {
      const { expectedShortfall } = historicalTail(returns, { confidence });
      expectClose([expectedShortfall], [-quantstats.historicalShortfall], SAME);
    });
  });

  test('over a horizon the historical figures are those of empyrical on compounded windows', () => {
    forEachTail((returns, confidence, { empyricalOverHorizon: windows }) => {
      const { valueAtRisk, expectedShortfall } = historicalTail(returns, { confidence, horizon: HORIZON });
      expectClose([valueAtRisk, expectedShortfall], [-windows.valueAtRisk, -windows.conditionalValueAtRisk], SAME);
    });
  });

  test('variance–covariance figures are those of quantstats', () => {
    forEachTail((returns, confidence, { quantstats }) => {
      const { valueAtRisk, expectedShortfall } = varianceCovarianceTail(returns, { confidence });
      expectClose([valueAtRisk, expectedShortfall], [-quantstats.valueAtRisk, -quantstats.parametricShortfall], SAME);
    });
  });

  test('Cornish–Fisher figures are those of scipy’s moments, and refused exactly where its expansion falls', () => {
    let refused = 0;
    forEachTail((returns, confidence, { cornishFisher, cornishFisherOverHorizon }) => {
      for (const [horizon, reference] of [
        [1, cornishFisher],
        [HORIZON, cornishFisherOverHorizon],
      ] as const) {
        if (!reference.rises) {
          refused++;
          expect(() => cornishFisherTail(returns, { confidence, horizon })).toThrow(/no quantile function/);
          continue;
        }
        const { valueAtRisk, expectedShortfall } = cornishFisherTail(returns, { confidence, horizon });
        expectClose([valueAtRisk, expectedShortfall], [reference.valueAtRisk, reference.expectedShortfall], SAME);
      }
    });
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(2 * 7 * CONFIDENCES.length);
  });

  test('skewness and excess kurtosis are those of scipy', () => {
    forEachTail((returns, _, { cornishFisher }) => {
      const { skewness, excessKurtosis } = momentsOf(returns);
      expectClose([skewness, excessKurtosis], [cornishFisher.skewness, cornishFisher.kurtosis], SAME);
    });
  });

  test('the deviation is that of quantstats before it is annualised', () => {
    for (const [name, returns] of series)
      expectClose([Math.sqrt(momentsOf(returns).variance)], [answer.series[name].volatility], SAME);
  });

  test('EWMA variance is that of arch, its first value and its forecast included', () => {
    for (const [name, returns] of series)
      expectClose(ewmaVariance(returns, { decay: DECAY }), answer.series[name].archVariance, SAME);
  });

  test('Kelly of odds, not shrunk, is that of quantstats where no return is zero', () => {
    // quantstats leaves returns of zero out of the number of bets; here a bet that neither wins nor loses is for the caller to leave out.
    let sizes = 0;
    for (const [name, returns] of series) {
      const bets = returns.filter((value) => value !== 0);
      const wins = bets.filter((value) => value > 0);
      const losses = bets.filter((value) => value < 0);
      const payoff = momentsOf(wins).mean / -momentsOf(losses).mean;
      const { fraction } = kellyOfOdds({ wins: wins.length, bets: bets.length, payoff }, { shrink: false });
      expectClose([fraction], [Math.max(0, answer.series[name].kellyOfOdds)], SAME);
      if (fraction > 0) sizes++;
    }
    expect(sizes).toBeGreaterThan(2);
  });

  test('sample covariance and correlation are those of numpy', () => {
    for (const [name, table] of tables) {
      const covariance = covarianceOf(table);
      expectClose(covariance.values, answer.tables[name].covariance, 1e-14);
      expectClose(correlationOf(covariance).values, answer.tables[name].correlation, SAME);
    }
  });

  test.each<[ShrinkageTarget, 'ledoitWolf' | 'constantCorrelation', string]>([
    ['identity', 'ledoitWolf', 'scikit-learn'],
    ['constant-correlation', 'constantCorrelation', 'PyPortfolioOpt with its sample over n'],
  ])('shrinkage to the %s target (%s) is that of %s', (target, reference) => {
    for (const [name, table] of tables) {
      const { shrinkage, covariance } = shrunkCovariance(table, target);
      const expected = answer.tables[name][reference];
      expectClose([shrinkage], [expected.shrinkage], SAME);
      // Variances are of the order of 1e-4, so an absolute difference says little of them.
      expectClose(
        covariance.values.map((value) => value * 1e4),
        expected.covariance.map((value) => value * 1e4),
        SAME,
      );
    }
  });

  test('PyPortfolioOpt as shipped differs in the shrinkage by its sample over n - 1, in the order of 1/n', () => {
    const { shrinkage } = shrunkCovariance(tables.get('coins')!, 'constant-correlation');
    const shipped = answer.tables.coins.constantCorrelationAsShipped.shrinkage;
    const count = tables.get('coins')!.columns[0].length;
    expect(largestDifference([shrinkage], [shipped])).toBeGreaterThan(SAME);
    expect(largestDifference([shrinkage], [shipped])).toBeLessThan(3 / count);
  });

  test('risk parity weights are those of scipy’s Newton method on the same problem', () => {
    for (const name of ['coins', 'shares']) {
      const { weights } = riskParity(covarianceOf(tables.get(name)!), { tolerance: 1e-12 });
      expectClose(weights, answer.tables[name].riskParity, SAME);
    }
  });

  test('on daily returns of SPY since 1998 the expansion is out of its domain, and the other methods stand', () => {
    const risks = tailRisks(series.get('SPY')!, { confidence: 0.99 });
    expect(risks.map((risk) => ('code' in risk ? risk.code : risk.method))).toEqual([
      'historical',
      'variance-covariance',
      'CORNISH_FISHER_OUT_OF_DOMAIN',
    ]);
  });
});
