/** Secrets of an instance on this machine. A value is typed or piped: an argument would stay in the shell's history and be seen by others. */
import { resolve } from 'node:path';
import { type Embedded, openEmbedded } from '../../adapters/embedded/embedded.ts';
import { dataDirectoryOf, loadConfiguration } from '../../adapters/files/configuration.ts';
import { parseKeys } from '../../adapters/venues/execution-desk.ts';
import { credentialsOf, type ExecutionVenueKind } from '../../adapters/venues/execution-kind.ts';
import { executionVenueOf } from '../../adapters/venues/execution-venues.ts';
import { PlimsollError } from '../../core/errors.ts';
import { askHidden, isTerminal, readStandardInput } from './prompt.ts';

export interface SecretArguments {
  readonly config: string;
  readonly data?: string;
}

export interface SecretListArguments extends SecretArguments {
  readonly json?: boolean;
}

/** Stores a secret under a name: the keys of a venue that names it as its `credentials`, or any other value. */
export async function secretsSet(name: string, given: SecretArguments, surplus = 0): Promise<void> {
  if (surplus > 0)
    throw new PlimsollError(
      'USAGE',
      'a secret is not given as an argument, where the shell keeps it and others see it',
      'run it with the name alone, and you are asked for the value; make a new one instead of the one that was seen',
      { kept: 'nothing was stored' },
    );
  const loaded = load(given);
  const wanted = Object.entries(loaded.configuration.venues).find(([, venue]) => credentialsOf(venue) === name);
  const kind = wanted && executionVenueOf(wanted[1]);
  const value = kind ? await keysOf(kind, name, wanted[0]) : await anyValue(name);
  await withSecrets(given, async ({ secrets }, directory) => {
    await secrets.put(name, value);
    const what = kind ? `The keys of ${kind.account} for the venue ${wanted[0]} are` : 'It is';
    say(`${what} stored as "${name}", encrypted, in ${directory}.`);
    if (!kind) say('No venue of the configuration names it as its `credentials`.');
  });
}

/** The names, one a line. */
export async function secretsList(given: SecretListArguments): Promise<void> {
  await withSecrets(given, async ({ secrets }) => {
    const names = await secrets.list();
    if (given.json) say(JSON.stringify(names));
    else if (names.length === 0) say('There is no secret yet.');
    else for (const name of names) say(name);
  });
}

export async function secretsRemove(name: string, given: SecretArguments): Promise<void> {
  await withSecrets(given, async ({ secrets }) => {
    await secrets.remove(name);
    say(`"${name}" is forgotten. A platform that runs uses it no more from its next step on.`);
  });
}

async function keysOf(kind: ExecutionVenueKind, name: string, venue: string): Promise<string> {
  const values: string[] = [];
  if (isTerminal()) {
    for (const key of kind.keys) values.push((await askHidden(`${key} (it is not shown): `)).trim());
    return checked(JSON.stringify(named(kind.keys, values)), kind, name, venue);
  }
  const text = await readStandardInput();
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  const isByLine = !text.trimStart().startsWith('{') && lines.length === kind.keys.length;
  return checked(isByLine ? JSON.stringify(named(kind.keys, lines)) : text, kind, name, venue);
}

const named = (keys: readonly string[], values: readonly string[]): object =>
  Object.fromEntries(keys.map((key, k) => [key, values[k]]));

function checked(text: string, kind: ExecutionVenueKind, name: string, venue: string): string {
  try {
    return JSON.stringify(parseKeys(text, kind, venue, name));
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    throw new PlimsollError(
      'USAGE',
      error.message,
      `pipe ${kind.keys.join(' and ')} in, one a line, or a JSON object of them; on a terminal they are asked for`,
      { kept: 'nothing was stored' },
    );
  }
}

async function anyValue(name: string): Promise<string> {
  const value = isTerminal() ? await askHidden(`${name} (it is not shown): `) : await readStandardInput();
  if (value !== '') return value;
  throw new PlimsollError('USAGE', 'the secret is empty', 'type it, or pipe it in', { kept: 'nothing was stored' });
}

const load = ({ config }: SecretArguments) =>
  loadConfiguration({ file: config, profile: process.env.PLIMSOLL_PROFILE, environment: process.env });

/** Beside a platform that runs, or before the first start. */
async function withSecrets(
  given: SecretArguments,
  work: (embedded: Embedded, directory: string) => Promise<void>,
): Promise<void> {
  const directory = given.data === undefined ? dataDirectoryOf(load(given)) : resolve(given.data);
  const embedded = open(directory);
  try {
    await work(embedded, directory);
  } finally {
    await embedded.close();
  }
}

function open(directory: string): Embedded {
  try {
    return openEmbedded({ directory, role: 'visitor' });
  } catch (error) {
    if (error instanceof PlimsollError && error.code === 'DATA_ABSENT') return openEmbedded({ directory });
    throw error;
  }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
