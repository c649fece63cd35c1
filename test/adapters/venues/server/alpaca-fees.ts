/**
 * Alpaca's fees of crypto: of what was received, posted at the end of the day, apart from the fills. Its documentation says that they
 * are worked out then (docs.alpaca.markets/docs/crypto-fees); its users see what they hold lessened at once (alpacahq/alpaca-py issue 374).
 */
import { formatDecimal } from '../../../../core/numbers.ts';
import { type AccountEvent, AMOUNT_DECIMALS, amount, notional } from './account.ts';
import type { AlpacaSide } from './alpaca-private.ts';

const DAY_MS = 86_400_000;
const MAKER_BPS = 15n;
const TAKER_BPS = 25n;

export type TakesFees = 'never' | 'with the fill' | 'at the end of the day';

export interface CryptoFees {
  /** Default never. */
  taken: TakesFees;
  /** Of the day that has not ended, by asset; scaled as balances. */
  readonly ofToday: Map<string, bigint>;
  /** All that were ever charged. */
  readonly all: Map<string, bigint>;
  /** Days since the epoch. */
  day: number;
}

export const cryptoFees = (): CryptoFees => ({ taken: 'never', ofToday: new Map(), all: new Map(), day: 0 });

/** Of a fill. */
export function chargeFee({ account, fees }: AlpacaSide, { trade }: AccountEvent): void {
  if (!trade || fees.taken === 'never') return;
  const { market } = trade.placed;
  const buys = trade.side === 'buy';
  const received = buys
    ? amount(trade.quantity, market.quantityDecimals)
    : notional(market, trade.quantity, trade.price);
  const fee = (received * (trade.maker ? MAKER_BPS : TAKER_BPS)) / 10_000n;
  const asset = buys ? market.base : market.quote;
  for (const sum of [fees.ofToday, fees.all]) sum.set(asset, (sum.get(asset) ?? 0n) + fee);
  if (fees.taken === 'with the fill') account.deposit(asset, -fee);
}

/** The clock was set: days that are over are posted, and seen as late as fills are. */
export function postFees({ account, fees, charges }: AlpacaSide, now: number): void {
  const day = Math.floor(now / DAY_MS);
  if (day === fees.day) return;
  const date = new Date(fees.day * DAY_MS).toISOString().slice(0, 10);
  fees.day = day;
  for (const [asset, fee] of fees.ofToday) {
    if (fees.taken === 'at the end of the day') account.deposit(asset, -fee);
    const id = `${date.replaceAll('-', '')}000000000::${String(charges.length + 1).padStart(8, '0')}`;
    const text = `-${formatDecimal(fee, AMOUNT_DECIMALS)}`;
    const common = { id, activity_type: 'CFEE', date, status: 'executed', visibleAt: now + account.lateByMs };
    const coin = { net_amount: '0', symbol: `${asset}USD`, qty: text, description: COIN };
    charges.push({ ...common, ...(asset === 'USD' ? { net_amount: text, description: MONEY } : coin) });
  }
  fees.ofToday.clear();
}

const COIN = 'Coin Pair Transaction Fee (Non USD)';
const MONEY = 'Coin Pair Transaction Fee (USD)';
