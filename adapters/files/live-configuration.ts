/** What a configuration has to say of its live accounts, so that their orders have a way to go. */
import { universeOf } from '../../core/configuration/definition.ts';
import type { AccountConfiguration, Configuration } from '../../core/configuration/schema.ts';
import { PlimsollError } from '../../core/errors.ts';
import { timeframeMs } from '../../core/market/timeframe.ts';
import { credentialsOf, type ExecutionVenueKind } from '../venues/execution-kind.ts';
import { executionVenueOf, executionVenuesInWords } from '../venues/execution-venues.ts';
import { type Layers, originText, type Path } from './configuration-layers.ts';

/**
 * Throws `CONFIGURATION_INVALID`, naming the line, for a live account whose venue takes no orders or names no keys, and for two live
 * accounts with the same keys: the balances of one would never be those of its ledger.
 */
export function checkLive(configuration: Configuration, layers: Layers): void {
  const taken = new Map<string, string>();
  configuration.accounts.forEach((account, k) => {
    if (!account.live) return;
    const { venue: name } = universeOf(configuration, account);
    const venue = configuration.venues[name];
    const path = ['accounts', k, 'live'] as const;
    const kind = executionVenueOf(venue);
    if (!kind)
      throw wrong(
        layers,
        path,
        `the live account "${account.id}" trades at "${name}", which takes no orders from here`,
        `use ${executionVenuesInWords()}, or leave \`live\` out for a paper account`,
      );
    checkSwitch(layers, [...path, 'cancelAllAfterMs'], configuration, account, kind);
    const reference = credentialsOf(venue);
    if (reference === undefined)
      throw wrong(
        layers,
        path,
        `the live account "${account.id}" trades at "${name}", which names no keys`,
        `write credentials: ${name} under venues.${name}, and store them with plimsoll secrets set ${name}`,
      );
    const other = taken.get(reference);
    if (other !== undefined)
      throw wrong(
        layers,
        path,
        `the live accounts "${other}" and "${account.id}" have the same keys ("${reference}")`,
        'give each live account a sub-account of its own at the venue, with keys of its own',
      );
    taken.set(reference, account.id);
  });
}

/** A switch that fires while the account still looks after its orders would cancel them for nothing. */
function checkSwitch(
  layers: Layers,
  path: Path,
  configuration: Configuration,
  account: AccountConfiguration,
  { account: where, cancelAllAfter: has }: ExecutionVenueKind,
): void {
  const { id, live } = account;
  const ms = live?.cancelAllAfterMs;
  if (ms === undefined) return;
  if (!has)
    throw wrong(
      layers,
      path,
      `the account "${id}" has cancelAllAfterMs, and ${where} cancels nothing by itself`,
      'leave it out: `plimsoll halt` cancels, and so does the next cycle after a start',
    );
  const least = Math.max(has.minMs, 2 * timeframeMs(universeOf(configuration, account).timeframe));
  if (ms >= least && ms <= has.maxMs) return;
  throw wrong(
    layers,
    path,
    `cancelAllAfterMs of the account "${id}" is ${ms}`,
    least > has.maxMs
      ? `leave it out: two cycles take ${least} ms, and ${where} waits for ${has.maxMs} at most`
      : `choose from ${least}, two cycles of the account, to ${has.maxMs}, the most at ${where}`,
  );
}

function wrong(layers: Layers, path: Path, what: string, remedy: string): PlimsollError {
  const place = layers.placeOf(path);
  return new PlimsollError(
    'CONFIGURATION_INVALID',
    `in ${place ? originText(place) : 'the configuration'} ${what}`,
    remedy,
  );
}
