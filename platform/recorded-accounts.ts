/** Which accounts a recording serves, and with which of its symbols. */
import { type BarFile, readBarFile } from '../adapters/files/bar-file.ts';
import { universeOf } from '../core/configuration/definition.ts';
import type { AccountConfiguration, Configuration } from '../core/configuration/schema.ts';
import { selectionOf } from './recorded-run.ts';

/** Symbols that a sentence names before it stops. */
const NAMED = 3;

export interface RecordedAccounts {
  readonly served: readonly { readonly account: AccountConfiguration; readonly symbols: readonly string[] }[];
  /** One sentence where accounts are left out. */
  readonly notes: readonly string[];
}

/** Reads a recording: the symbols that were named, or all. */
export function readRecording(file: string, symbols: readonly string[] = []): Promise<BarFile> {
  return readBarFile(file, symbols.length > 0 ? selectionOf(symbols) : { symbols: 'all' });
}

/**
 * Every account whose whole universe is in the recording trades that universe. Where there is none, and where one account stands
 * alone and its symbols were named, the first account trades everything in it.
 */
export function accountsOn(
  recording: BarFile,
  configuration: Configuration,
  named: readonly string[],
): RecordedAccounts {
  const { accounts } = configuration;
  const [first, ...others] = accounts;
  const everything = { account: first, symbols: [...recording.bars.keys()] };
  if (others.length === 0 && named.length > 0) return { served: [everything], notes: [] };
  const coverage = accounts.map((account) => ({ account, ...coverageOf(recording, configuration, account) }));
  const served = coverage.filter(({ missing }) => missing.length === 0);
  const left = coverage.filter(({ missing }) => missing.length > 0);
  const { file } = recording.provenance;
  if (served.length === 0) {
    const note = `${file} holds no account's whole universe: "${first.id}" trades all that is in it, without ${listed(others.map(({ id }) => `"${id}"`))}.`;
    return { served: [everything], notes: others.length > 0 ? [note] : [] };
  }
  const reasons = left.map(({ account, missing }) => `"${account.id}" (no ${listed(missing)})`);
  const note = `Left out, since ${file} does not hold all that they trade: ${reasons.join('; ')}.`;
  return { served, notes: left.length > 0 ? [note] : [] };
}

/** The symbols of an account's universe, and those of them that the recording lacks. */
export function coverageOf(
  recording: BarFile,
  configuration: Configuration,
  account: AccountConfiguration,
): { symbols: readonly string[]; missing: readonly string[] } {
  const { symbols } = universeOf(configuration, account);
  return { symbols, missing: symbols.filter((symbol) => !recording.bars.has(symbol)) };
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).join(', ');
  return names.length > NAMED ? `${shown} and ${names.length - NAMED} more` : shown;
}
