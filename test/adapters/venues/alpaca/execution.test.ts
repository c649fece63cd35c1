/** The execution side of Alpaca, through its own SDK, against the venue server. */
import { afterAll, beforeAll } from 'vitest';
import { executionVenueContract } from '../../../contract/execution-venue.suite.ts';
import { VenueServer } from '../server/venue-server.ts';
import { makeBench } from './bench.ts';

let server: VenueServer;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterAll(() => server.close());

executionVenueContract('Alpaca crypto', () => makeBench(server));
executionVenueContract('Alpaca shares', () => makeBench(server, { assetClass: 'equity' }));
