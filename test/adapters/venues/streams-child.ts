/** Listens to an account at the venue server and does nothing else, for streams.test.ts. */
import { openBinanceExecution } from '../../../adapters/venues/ccxt/binance-execution.ts';

const { baseUrl, streamUrl, key, secret, now } = JSON.parse(process.argv[2]);
const venue = openBinanceExecution({ apiKey: key, secret }, { baseUrl, streamUrl }, { now: () => now });
// Held open until it stands, and no longer.
const holding = setInterval(() => undefined, 60_000);
venue.watch!([], ({ kind }) => {
  console.log(kind);
  clearInterval(holding);
});
