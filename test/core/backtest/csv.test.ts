import { describe, expect, it } from 'vitest';
import { TRADE_COLUMNS, tradesCsv, tradesCsvLines } from '../../../core/backtest/csv.ts';
import { type Trade, tradesOf } from '../../../core/backtest/trades.ts';
import { barsOf, play, scripted } from './trades-support.ts';

const trade: Trade = {
  strategy: 'sma-cross',
  symbol: 'BTC/USDT',
  side: 'long',
  isOpen: false,
  entryTime: Date.parse('2024-02-07T22:03:00Z'),
  exitTime: Date.parse('2024-02-07T22:04:30.5Z'),
  quantity: 1.5e-7,
  entryPrice: 69_123.45,
  exitPrice: 70_000,
  fees: 0.5,
  funding: -1e-9,
  profit: -3.25,
  return: 0.0125,
  barsHeld: 1,
  entryReason: 'in',
  exitReason: 'out',
};

describe('trades as CSV', () => {
  it('has a header and a line for each trade, with ISO times and plain decimals', () => {
    expect(tradesCsv([trade])).toBe(
      `${TRADE_COLUMNS.join(',')}\r\n` +
        'sma-cross,BTC/USDT,long,closed,2024-02-07T22:03:00Z,2024-02-07T22:04:30.500Z,0.00000015,69123.45,70000,0.5,-0.000000001,-3.25,0.0125,1,in,out\r\n',
    );
  });

  it('quotes what has commas, quotes or line ends in it (RFC 4180)', () => {
    const [, line] = tradesCsvLines([{ ...trade, entryReason: 'a "strong", fast\r\nrise', exitReason: 'x\ny' }]);
    expect(line.endsWith(',1,"a ""strong"", fast\r\nrise","x\ny"\r\n')).toBe(true);
  });

  it('leaves empty what is not known, and writes large numbers out', () => {
    const [, line] = tradesCsvLines([
      { ...trade, isOpen: true, exitTime: null, exitReason: '', return: Number.NaN, quantity: 1e21, funding: -1e-30 },
    ]);
    const cells = line.trimEnd().split(',');
    expect(cells.slice(3, 7)).toEqual(['open', '2024-02-07T22:03:00Z', '', '1000000000000000000000']);
    expect(cells[10]).toBe('0');
    expect(cells[12]).toBe('');
  });

  it('is written line by line from a run', () => {
    const played = play({
      bars: new Map([['ABC/USDT', barsOf([100, 100, 110])]]),
      strategies: [scripted((k, { target }) => (k === 0 ? target(0.5, 'up, it seems') : undefined))],
    });
    const lines = [...tradesCsvLines(tradesOf(played))];
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('scripted,ABC/USDT,long,open,2024-01-01T02:00:00Z,,');
    expect(lines[1]).toContain(',"up, it seems",');
  });
});
