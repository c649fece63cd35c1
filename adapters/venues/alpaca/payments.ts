/**
 * What changes an account without a fill: the fees of its trades, which Alpaca works out at the end of the day (FEE: of regulators, for
 * shares; CFEE: its own, for crypto, taken from what was received), dividends, and interest. Deposits and withdrawals are a person's.
 */
import { trading } from '@alpacahq/alpaca-trade-api/rest';
import { DAY_MS } from '../../../core/market/civil.ts';
import type { Instrument } from '../../../core/market/instrument.ts';
import type { VenuePayment } from '../../../core/ports/execution-venue.ts';
import { type Fields, wordIn, wrong } from '../http/json.ts';
import { readActivities } from './activities.ts';
import { decimalTextOrNone, instantIn, isAbsent, isSymbol } from './fields.ts';
import type { AlpacaSdk, Answered } from './sdk.ts';

/** Some carry their date alone, and come to be seen days after it. */
export const PAYMENT_LATENESS_MS = 7 * DAY_MS;

const TYPES = [
  trading.ActivityType.Fee,
  trading.ActivityType.Cfee,
  trading.ActivityType.Div,
  trading.ActivityType.Divcgl,
  trading.ActivityType.Divcgs,
  trading.ActivityType.Divnra,
  trading.ActivityType.Divroc,
  trading.ActivityType.Divtxex,
  trading.ActivityType.Int,
];

/** Every payment from a time on (ms UTC), and some of before; one may come twice. Throws `Malformed`. */
export async function readPayments(
  ask: (run: () => Answered) => Promise<unknown>,
  { activities }: AlpacaSdk,
  instruments: readonly Instrument[],
  from: number,
): Promise<VenuePayment[]> {
  const direction = trading.GetAccountActivitiesDirectionEnum.Asc;
  // Alpaca compares their dates.
  const after = new Date(Math.max(0, from - 2 * DAY_MS));
  const rows = await readActivities(ask, (page) =>
    activities.getAccountActivitiesRaw({ activityTypes: TYPES, after, direction, ...page }),
  );
  return rows.flatMap((row) => {
    const instrument = instrumentOf(row, instruments);
    return instrument && row.status !== 'canceled' ? paymentsOf(row, instrument) : [];
  });
}

/** One that names no symbol is of the whole account, and goes to the first. */
function instrumentOf(row: Fields, instruments: readonly Instrument[]): Instrument | undefined {
  if (isAbsent(row.symbol) || row.symbol === '') return instruments[0];
  const symbol = wordIn(row, 'symbol');
  const named = instruments.find((one) => isSymbol(symbol, one.symbol));
  if (named || row.activity_type !== 'CFEE') return named;
  // A fee of crypto names the coin in its pair with the dollar, whatever it was traded for: that which was bought, or paid for.
  const coin = coinOf(symbol);
  return instruments.find(({ base }) => base === coin) ?? instruments.find(({ quote }) => quote === coin);
}

const coinOf = (symbol: string): string => symbol.replace(/\/?USD$/, '');

/** Of money, or of the coin; of nothing, where a dividend is in shares. */
function paymentsOf(row: Fields, { symbol, base, quote }: Instrument): VenuePayment[] {
  const id = wordIn(row, 'id');
  const time = timeOf(row);
  const money = decimalTextOrNone(row, 'net_amount') ?? '0';
  const asset = isAbsent(row.currency) ? 'USD' : wordIn(row, 'currency');
  if (isSome(money)) return [{ id, symbol, amount: money, asset, time }];
  const quantity = row.activity_type === 'CFEE' ? (decimalTextOrNone(row, 'qty') ?? '0') : '0';
  if (!isSome(quantity)) return [];
  const coin = coinOf(wordIn(row, 'symbol'));
  return [{ id, symbol, amount: quantity, asset: coin === quote ? quote : base, time }];
}

const isSome = (amount: string): boolean => /[1-9]/.test(amount);

/** When it was posted; of one that has its date alone, the end of that. */
function timeOf(row: Fields): number {
  if (!isAbsent(row.created_at)) return instantIn(row, 'created_at');
  const date = wordIn(row, 'date');
  const day = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(date) : Number.NaN;
  if (!Number.isSafeInteger(day)) throw wrong('date', date);
  return day + DAY_MS;
}
