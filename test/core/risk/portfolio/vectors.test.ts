/** The figures of risk beside the recorded tables of Lean, row by row. */
import { describe, expect, test } from 'vitest';
import { returnStatistics } from '../../../../core/backtest/equity.ts';
import { correlationOf, covarianceOf } from '../../../../core/risk/portfolio/covariance.ts';
import { closeReturns, returnTable } from '../../../../core/risk/portfolio/returns.ts';
import { varianceCovarianceTail } from '../../../../core/risk/portfolio/tail-risk.ts';
import { leanTables, referenceDataFound } from '../../indicators/reference-data.ts';
import { expectClose } from './compare.ts';

const SAME = 1e-8;

describe.skipIf(!referenceDataFound)('risk numbers beside the tables of Lean', () => {
  const tables = referenceDataFound ? leanTables() : new Map();
  const numbers = (cells: readonly string[]): number[] =>
    cells.map((cell) => (cell === '' ? Number.NaN : Number(cell)));

  test.each([
    [0.99, 'VaR_99'],
    [0.95, 'VaR_95'],
    [0.9, 'VaR_90'],
  ])(
    'value at risk at %d by variance–covariance is %s over the latest 252 returns, with the sign of a loss',
    (confidence, column) => {
      const { bars, cells } = tables.get('spy_valueatrisk.csv')!;
      const returns = closeReturns(bars);
      const expected = numbers(cells(column));
      const actual = expected.map((_, bar) =>
        bar < 2
          ? Number.NaN
          : -varianceCovarianceTail(returns.subarray(Math.max(0, bar - 252), bar), { confidence }).valueAtRisk,
      );
      expect(actual.length).toBe(5_849);
      expectClose(actual, expected, SAME);
    },
  );

  test('covariance is that of SPY and QQQ over 252 returns, over n - 1', () => {
    const { bars, cells } = tables.get('spy_qqq_cov.csv')!;
    const symbols = cells('Symbol');
    const [spy, qqq] = ['SPY', 'QQQ'].map((symbol) => closesOf(bars.close, symbols, symbol));
    const expected = numbers(cells('Covariance')).filter((_, row) => symbols[row] === 'QQQ');
    const rolling = (end: number): number => {
      const columns = [spy, qqq].map((closes) => changes(closes).subarray(end - 252, end));
      return covarianceOf(returnTable(new Map(columns.map((column, i) => [String(i), column])))).values[1];
    };
    const ends = Array.from({ length: expected.length - 252 }, (_, k) => k + 252);
    expect(ends.length).toBeGreaterThan(3_000);
    const every10th = ends.filter((end) => end % 10 === 0);
    // Of the order of 1e-4: relative to that.
    expectClose(
      every10th.map((end) => rolling(end) * 1e4),
      every10th.map((end) => expected[end] * 1e4),
      SAME,
    );
  });

  test('correlation is that of the table over 252 closes: Lean correlates prices there, not returns', () => {
    const { bars, cells } = tables.get('spy_qqq_corr.csv')!;
    const symbols = cells('Symbol');
    const [spy, qqq] = ['SPY', 'QQQ'].map((symbol) => closesOf(bars.close, symbols, symbol));
    const expected = numbers(cells('Correlation_Pearson')).filter((_, row) => symbols[row] === 'QQQ');
    const rows = expected.map((_, row) => row).filter((row) => row >= 252 && row % 10 === 0);
    const actual = rows.map((row) => {
      const columns = [spy, qqq].map((closes) => closes.subarray(row - 251, row + 1));
      return correlationOf(covarianceOf(returnTable(new Map(columns.map((column, i) => [String(i), column])))))
        .values[1];
    });
    expect(rows.length).toBeGreaterThan(300);
    expectClose(
      actual,
      rows.map((row) => expected[row]),
      SAME,
    );
  });

  test('the Sharpe ratio of the backtester is Lean’s, whose deviation is over n where ours is over n - 1', () => {
    const { bars, cells } = tables.get('spy_sr.txt')!;
    const expected = numbers(cells('SR_10'));
    // The last row was printed while its bar was still open.
    const rows = expected.map((_, row) => row).slice(10, -1);
    const actual = rows.map((row) => {
      const { mean, deviation } = returnStatistics(bars.close.subarray(row - 10, row + 1));
      return (mean / deviation) * Math.sqrt(10 / 9);
    });
    expectClose(
      actual,
      rows.map((row) => expected[row]),
      SAME,
    );
  });

  test('the downside deviation under the Sortino ratio of the backtester is Lean’s', () => {
    const { bars, cells } = tables.get('spy_tdd.csv')!;
    const expected = numbers(cells('tdd'));
    const rows = expected.map((_, row) => row).slice(3);
    const actual = rows.map((row) => returnStatistics(bars.close.subarray(row - 3, row + 1)).downside);
    expectClose(
      actual,
      rows.map((row) => expected[row]),
      SAME,
    );
  });
});

const closesOf = (close: Float64Array, symbols: readonly string[], symbol: string): Float64Array =>
  close.filter((_, row) => symbols[row] === symbol);

const changes = (closes: Float64Array): Float64Array =>
  Float64Array.from({ length: closes.length - 1 }, (_, k) => closes[k + 1] / closes[k] - 1);
