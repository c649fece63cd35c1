import * as z from 'zod';
import { executionModelSchema } from '../execution/model.ts';
import { limitsSchema } from '../risk/limits.ts';
import { sizingSchema } from '../risk/sizing-rules.ts';

/**
 * The configuration of an instance: `plimsoll.yaml`. Unknown keys are refused everywhere; every default is here.
 */
const name = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and dashes');
const timeframe = z.string().regex(/^[1-9]\d{0,4}[smhdw]$/, 'write a count and a unit: 1m, 5m, 1h, 1d');
const symbol = z.string().min(1).max(64);
/** Of an account at a venue: the name under which its keys are stored, never the keys. */
const credentials = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_./-]{0,199}$/, 'write the name of a secret: letters, digits and _ . / -');

/** Keys go over it: in clear on this machine alone. */
function isInClear(url: string): boolean {
  const found = URL.parse(url);
  return ['http:', 'ws:'].includes(found?.protocol ?? '') && !LOOPBACK.includes(found?.hostname ?? '');
}
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];
const streamUrl = (scheme: 'ws' | 'http') =>
  z
    .url()
    .refine(
      (url) => new RegExp(`^${scheme}s?:`).test(url) && !isInClear(url),
      `write ${scheme}s:// and a host; ${scheme}:// is for this machine alone`,
    )
    .optional();
const IN_CLEAR = 'keys would go over it in clear: write https:// and a host; http:// is for this machine alone';
const baseUrlOfKeys = z.url().refine((url) => !isInClear(url), IN_CLEAR);

const simulatedVenue = z.strictObject({
  kind: z.literal('simulated'),
  /** Another seed is another market. */
  seed: z.int().min(0).default(1),
});

const replayVenue = z.strictObject({
  kind: z.literal('replay'),
  /** Recorded bars: Parquet or CSV. */
  file: z.string().min(1),
  /** Bars a second; 0 is as fast as it goes. */
  barsPerSecond: z.number().min(0).max(1_000_000).default(0),
});

const ccxt = z.strictObject({
  kind: z.literal('ccxt'),
  /** The exchange's id in ccxt. */
  exchange: z.string().min(1),
  /** Which of its markets: spot, or perpetuals that settle in their quote currency. */
  market: z.enum(['spot', 'linear']).default('spot'),
  /** Name of the secret with the keys of an account there, for live accounts. */
  credentials: credentials.optional(),
  /** Another host for every request: a venue's test network, a proxy. */
  baseUrl: z.url().optional(),
  /** Another host for what the venue tells of the account by itself. With `baseUrl` and without this, nothing is listened to. */
  streamUrl: streamUrl('ws'),
  timeoutMs: z.int().min(100).max(60_000).default(10_000),
});
const ccxtVenue = ccxt
  .refine((venue) => venue.streamUrl === undefined || venue.credentials !== undefined, {
    path: ['streamUrl'],
    error: 'nothing is told without keys: name them with `credentials`, or leave this out',
  })
  .refine((venue) => venue.credentials === undefined || !isInClear(venue.baseUrl ?? ''), {
    path: ['baseUrl'],
    error: IN_CLEAR,
  });

const alpacaVenue = z.strictObject({
  kind: z.literal('alpaca'),
  /** The paper environment, which has keys of its own. */
  paper: z.boolean().default(true),
  /** What is traded: Alpaca takes other orders for shares than for crypto. */
  assetClass: z.enum(['equity', 'crypto']).default('equity'),
  /** Where bars of shares come from: one exchange, free; or all, for subscribers. */
  feed: z.enum(['iex', 'sip']).default('iex'),
  /** Whether parts of a share are traded, which Alpaca takes for the day alone. */
  fractional: z.boolean().default(false),
  /** Name of the secret with the key, which market data needs too. */
  credentials,
  /** Another host for every request, for tests and proxies. */
  baseUrl: baseUrlOfKeys.optional(),
  /** Another host for what it tells of the account by itself. With `baseUrl` and without this, nothing is listened to. */
  streamUrl: streamUrl('ws'),
  timeoutMs: z.int().min(100).max(60_000).default(10_000),
});

const oandaVenue = z.strictObject({
  kind: z.literal('oanda'),
  /** The practice environment, which has accounts and tokens of its own. */
  practice: z.boolean().default(true),
  /** The v20 account: `101-004-1234567-001`. */
  accountId: z.string().regex(/^\d{1,4}-\d{1,4}-\d{1,12}-\d{1,4}$/, 'write the v20 account id: 101-004-1234567-001'),
  /** Name of the secret with the token, which market data needs too. */
  credentials,
  /** Another host for every request, for tests and proxies. */
  baseUrl: baseUrlOfKeys.optional(),
  /** Another host for what it tells of the account by itself. With `baseUrl` and without this, nothing is listened to. */
  streamUrl: streamUrl('http'),
  timeoutMs: z.int().min(100).max(60_000).default(10_000),
});

export const venueSchema = z.discriminatedUnion('kind', [
  simulatedVenue,
  replayVenue,
  ccxtVenue,
  alpacaVenue,
  oandaVenue,
]);

export const universeSchema = z.strictObject({
  venue: name,
  symbols: z.array(symbol).min(1).max(4_096),
  /** The finest bars there are: orders are matched against them, and cycles follow them. */
  timeframe,
});

export const strategySchema = z.strictObject({
  /** Name of a built-in strategy, or of one in `strategies/`. */
  strategy: name,
  /** Needed only where an account runs the same strategy twice. */
  id: name.optional(),
  params: z.record(z.string(), z.unknown()).default({}),
  /** Symbols of the universe; all of them when left out. */
  instruments: z.array(symbol).min(1).optional(),
  /** A multiple of the universe's timeframe; the universe's own when left out. */
  timeframe: timeframe.optional(),
  /** Share of the account's equity that it may use. */
  allocation: z.number().positive().max(100).default(1),
  /** Sizing methods of this strategy, besides the account's. */
  sizing: sizingSchema.optional(),
});

/** What an account needs to know of itself that trades with real money at its universe's venue. Money is in its currency. */
export const liveSchema = z.strictObject({
  /** Added to the time after which the venue refuses a request for sure, before an order that it does not know is lost. */
  marginMs: z.int().min(1_000).max(3_600_000).default(30_000),
  /** The same time where the venue states none. */
  lostAfterMs: z
    .int()
    .min(60_000)
    .max(30 * 86_400_000)
    .default(86_400_000),
  /** An order for a budget asks for what it buys at so much above the last price, in basis points. */
  cushionBps: z.int().min(0).max(1_000).default(50),
  /** An opening order that could not be sent for so long is given up. */
  staleAfterMs: z.int().min(1_000).max(86_400_000).default(300_000),
  /** The venue itself cancels every working order that is not spoken for anew within so long; left out: it does not. */
  cancelAllAfterMs: z.int().min(1_000).max(86_400_000).optional(),
  /** The most that the first arming may allow; each later one may allow ten times what was armed before. */
  first: z
    .strictObject({
      maxOrderNotional: z.number().positive().default(25),
      maxExposure: z.number().positive().default(100),
    })
    .prefault({}),
});

export const accountSchema = z.strictObject({
  id: name,
  universe: name,
  currency: z.string().min(1).max(16).default('USDT'),
  /** Decimals of money in the ledger. */
  moneyDecimals: z.int().min(0).max(12).default(8),
  /** First deposit of paper money; of a live account, what of the venue's balance it may use. */
  cash: z.number().positive().default(10_000),
  strategies: z.array(strategySchema).min(1).max(1_000),
  limits: limitsSchema.prefault({}),
  /** Who set the limits as they now stand, and why; the ledger names both with the change. */
  limitsChange: z.strictObject({ by: z.string().min(1).max(100), reason: z.string().min(1).max(200) }).optional(),
  execution: executionModelSchema.prefault({}),
  /** Methods that size opening orders of all its strategies: the smallest size wins. Left out: as strategies ask. */
  sizing: sizingSchema.optional(),
  /** Fees instead of those that the venue publishes, in basis points. */
  fees: z
    .strictObject({ makerBps: z.number().min(-100).max(1_000), takerBps: z.number().min(-100).max(1_000) })
    .optional(),
  /** Its orders go to the universe's venue, once it is armed. Left out: a paper account. */
  live: liveSchema.optional(),
});

/** Limits of the whole instance, shared out among its accounts by grants; an account that was granted nothing opens nothing. */
export const budgetsSchema = z.strictObject({
  /** Of the amounts of money. */
  currency: z.string().min(1).max(16).default('USDT'),
  /** All positions and working orders of all accounts, long plus short. */
  grossExposure: z.number().positive().max(1e9).optional(),
  /** What all may lose since the day (UTC) began, before they open nothing more. */
  dailyLoss: z.number().positive().max(1e9).optional(),
  /** Orders of all within any 60 s of cycle time. */
  orderRate: z.int().positive().max(1_000_000).optional(),
});

export const scheduleSchema = z.strictObject({
  /** How long after a bar's close it is asked for. */
  delayMs: z.int().min(0).max(600_000).default(2_000),
  /** How long a cycle waits for bars that are late before it opens without them. */
  deadlineMs: z.int().min(0).max(600_000).default(30_000),
  /** Cycles that are made up for after a sleep; older ones are recorded as missed. */
  maxCatchUp: z.int().min(1).max(10_000).default(500),
  /** A cycle that runs later than this after its time opens nothing new. */
  staleAfterMs: z.int().min(1_000).default(300_000),
});

export const configurationSchema = z.strictObject({
  instance: z.strictObject({ name: name.default('plimsoll'), tenant: name.default('local') }).prefault({}),
  venues: z.record(name, venueSchema),
  universes: z.record(name, universeSchema),
  accounts: z.array(accountSchema).min(1).max(100),
  budgets: budgetsSchema.optional(),
  schedule: scheduleSchema.prefault({}),
  server: z
    .strictObject({
      /** Loopback by default: whoever opens it further puts TLS in front. */
      host: z.string().default('127.0.0.1'),
      port: z.int().min(0).max(65_535).default(7_400),
    })
    .prefault({}),
  /** Where the ledger, the lake and secrets are kept by the embedded platform. */
  dataDirectory: z.string().min(1).default('plimsoll-data'),
  /** How long a strategy may take over one cycle before it counts as failed. */
  strategyTimeoutMs: z.int().min(10).max(60_000).default(5_000),
});

export type Configuration = z.infer<typeof configurationSchema>;
export type ConfigurationInput = z.input<typeof configurationSchema>;
export type AccountConfiguration = z.infer<typeof accountSchema>;
export type VenueConfiguration = z.infer<typeof venueSchema>;
