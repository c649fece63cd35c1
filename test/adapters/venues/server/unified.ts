/** The accounts at Bybit, OKX and Coinbase, of which two may speak through one address: requests are theirs by their keys. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { VenueAccount } from './account.ts';
import { bybitPublic } from './bybit-api.ts';
import { bybitPrivate } from './bybit-private.ts';
import { bybitStreams } from './bybit-stream.ts';
import { coinbasePublic } from './coinbase-api.ts';
import { coinbasePrivate } from './coinbase-private.ts';
import { coinbaseStreams } from './coinbase-stream.ts';
import type { ServedMarket } from './markets.ts';
import { okxPublic } from './okx-api.ts';
import { okxPrivate } from './okx-private.ts';
import { okxStreams } from './okx-stream.ts';
import type { Answer, Notices, Pending, ServedKey, VenueRequest } from './requests.ts';
import type { ServedStream } from './streams.ts';

/** One account, and the kind of markets that it trades in. */
export interface UnifiedSide {
  readonly derivative: boolean;
  readonly account: VenueAccount;
  readonly key: ServedKey;
  readonly markets: readonly ServedMarket[];
  /** Each page of fills repeats the last of the page before. */
  doublesTrades: boolean;
  /** Requests in the interval that is counted now. */
  readonly used: { interval: number; count: number };
}

/** Whose tokens are signed with a private key. */
export interface CoinbaseSide extends UnifiedSide {
  readonly publicKey: KeyObject;
}

export interface UnifiedAccounts {
  readonly bybit: UnifiedSide;
  readonly bybitLinear: UnifiedSide;
  readonly okx: UnifiedSide;
  readonly okxSwap: UnifiedSide;
  readonly coinbase: CoinbaseSide;
}

export function unifiedAccounts(markets: readonly ServedMarket[]): UnifiedAccounts {
  const side = (name: string, derivative: boolean, fees: 'received' | 'quote'): UnifiedSide => ({
    derivative,
    account: new VenueAccount(derivative ? 'perpetual' : 'spot', fees),
    key: keyNamed(name),
    markets,
    doublesTrades: false,
    used: { interval: 0, count: 0 },
  });
  return {
    bybit: side('bybit', false, 'received'),
    bybitLinear: side('bybitLinear', true, 'quote'),
    okx: side('okx', false, 'received'),
    okxSwap: side('okxSwap', true, 'quote'),
    coinbase: { ...side('coinbase', false, 'quote'), ...COINBASE_KEY, key: { ...COINBASE_KEY.key } },
  };
}

/** undefined where the path is none of theirs. */
export function unifiedAnswer(
  { bybit, bybitLinear, okx, okxSwap, coinbase }: UnifiedAccounts,
  request: VenueRequest,
  now: number,
  notices: Notices,
): Answer | Pending | undefined {
  const { markets } = bybit;
  return (
    bybitPublic(request, markets, now, notices) ??
    bybitPrivate([bybit, bybitLinear], request, now) ??
    okxPublic(request, markets, now, notices) ??
    okxPrivate([okx, okxSwap], request, now) ??
    coinbasePublic(request, markets, now, notices) ??
    coinbasePrivate(coinbase, request, now)
  );
}

/** What they tell by themselves. */
export const unifiedStreams = (
  { bybit, bybitLinear, okx, okxSwap, coinbase }: UnifiedAccounts,
  now: () => number,
): ServedStream[] => [
  ...bybitStreams([bybit, bybitLinear], now),
  ...okxStreams([okx, okxSwap], now),
  ...coinbaseStreams(coinbase, now),
];

/** Only for this server: no venue knows it. */
function keyNamed(name: string): ServedKey {
  const words = {
    key: `key-of-the-${name}-account`,
    secret: `the-secret-of-the-${name}-account`,
    passphrase: `the-passphrase-of-the-${name}-account`,
  };
  return { ...words, trades: true, reads: true };
}

/** Made anew in each process. */
const COINBASE_KEY = coinbaseKey();

function coinbaseKey(): { readonly publicKey: KeyObject; readonly key: ServedKey } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const secret = privateKey.export({ type: 'sec1', format: 'pem' }).toString();
  return { publicKey, key: { key: 'organizations/served/apiKeys/coinbase', secret, trades: true, reads: true } };
}
