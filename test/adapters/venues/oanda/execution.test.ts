/** The execution side of OANDA against the venue server: where an order that is over is found by its id, and where it is not. */
import { afterAll, beforeAll } from 'vitest';
import { executionVenueContract } from '../../../contract/execution-venue.suite.ts';
import { VenueServer } from '../server/venue-server.ts';
import { makeBench } from './bench.ts';

let server: VenueServer;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterAll(() => server.close());

executionVenueContract('OANDA', () => makeBench(server));
executionVenueContract('OANDA by its log', () => makeBench(server, { forgetsClosed: true }));
