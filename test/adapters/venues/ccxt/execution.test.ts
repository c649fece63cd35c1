/** The execution side of each venue, through the real ccxt classes, against the venue server. */
import { afterAll, beforeAll } from 'vitest';
import { executionVenueContract } from '../../../contract/execution-venue.suite.ts';
import { VenueServer } from '../server/venue-server.ts';
import { makeBench } from './benches.ts';

let server: VenueServer;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterAll(() => server.close());

executionVenueContract('Binance spot', () => makeBench(server, 'binance'));
executionVenueContract('Binance USD-M', () => makeBench(server, 'usdm'));
executionVenueContract('Kraken spot', () => makeBench(server, 'kraken'));
executionVenueContract('Bybit spot', () => makeBench(server, 'bybit'));
executionVenueContract('Bybit linear', () => makeBench(server, 'bybitLinear'));
executionVenueContract('OKX spot', () => makeBench(server, 'okx'));
executionVenueContract('OKX swap', () => makeBench(server, 'okxSwap'));
executionVenueContract('Coinbase', () => makeBench(server, 'coinbase'));
