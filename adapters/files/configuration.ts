/** The configuration of an instance, out of its layers: defaults ← file ← profile ← variables, each value with its origin. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import type * as z from 'zod';
import { universeOf } from '../../core/configuration/definition.ts';
import { type Configuration, configurationSchema } from '../../core/configuration/schema.ts';
import { PlimsollError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { type Layer, Layers, type Origin, originText, type Path, pathText, yamlLayer } from './configuration-layers.ts';
import { keysAt, matchKeys, wantedAt } from './configuration-schema.ts';
import { checkLive } from './live-configuration.ts';

export type { Origin } from './configuration-layers.ts';
export { originText } from './configuration-layers.ts';

export interface ConfigurationSources {
  /** `plimsoll.yaml`. */
  readonly file: string;
  /** `production` lays `plimsoll.production.yaml` over it. */
  readonly profile?: string;
  /** Where `PLIMSOLL_*` variables are looked for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface LoadedConfiguration {
  readonly configuration: Configuration;
  /** By path as in `accounts[0].cash`: every value in force and where it came from. */
  readonly origins: ReadonlyMap<string, { readonly value: unknown; readonly origin: Origin }>;
  /** Files that were read, absolute. */
  readonly files: readonly string[];
}

const PREFIX = 'PLIMSOLL_';
/** Variables that say something else than a value of the configuration. */
const OTHER_VARIABLES = new Set([
  'PLIMSOLL_DATA',
  'PLIMSOLL_PROFILE',
  'PLIMSOLL_PYTHON',
  'PLIMSOLL_CHROMIUM',
  'PLIMSOLL_MODEL_SERVER',
  'PLIMSOLL_ONNXRUNTIME',
  'PLIMSOLL_WITHOUT_CLOUD',
]);
const MAX_FILE_BYTES = 1_000_000;
const PROFILE = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Reads and checks it. Throws `CONFIGURATION_ABSENT` or `CONFIGURATION_INVALID` with the file, the line and the way out. */
export function loadConfiguration({ file, profile, environment }: ConfigurationSources): LoadedConfiguration {
  const files = [resolve(file), ...(profile ? [profileFile(resolve(file), profile)] : [])];
  const layers = new Layers();
  for (const path of files) layers.add(readLayer(path));
  for (const [variable, text] of Object.entries(environment)) {
    if (variable.startsWith(PREFIX) && !OTHER_VARIABLES.has(variable) && text !== undefined)
      layers.add(variableLayer(layers, variable, text));
  }
  const parsed = configurationSchema.safeParse(layers.value);
  if (!parsed.success) throw invalid(layers, firstOf(parsed.error.issues), files[0]);
  checkNames(parsed.data, layers);
  checkLive(parsed.data, layers);
  return { configuration: parsed.data, origins: layers.originsOf(parsed.data), files };
}

/** The configuration's data directory: relative to the file that names it, so that every command finds the same one. */
export function dataDirectoryOf({ configuration, files }: LoadedConfiguration, given?: string): string {
  return given === undefined ? resolve(dirname(files[0]), configuration.dataDirectory) : resolve(given);
}

function profileFile(file: string, profile: string): string {
  if (PROFILE.test(profile)) return join(dirname(file), basename(file).replace(/(\.ya?ml)?$/, `.${profile}$1`));
  throw new PlimsollError(
    'CONFIGURATION_INVALID',
    `the profile "${profile}" is not a name`,
    'use lower-case letters, digits and dashes in PLIMSOLL_PROFILE',
  );
}

function readLayer(path: string): Layer {
  const shown = basename(path);
  if (!existsSync(path)) {
    throw new PlimsollError(
      'CONFIGURATION_ABSENT',
      `there is no configuration file ${path}`,
      'create it, or name another one with --config',
    );
  }
  if (statSync(path).isDirectory() || statSync(path).size > MAX_FILE_BYTES) {
    throw new PlimsollError(
      'CONFIGURATION_INVALID',
      `${path} is a folder or larger than ${MAX_FILE_BYTES} bytes`,
      'name a configuration file',
    );
  }
  return yamlLayer(shown, readFileSync(path, 'utf8'));
}

/** PLIMSOLL_SCHEDULE__MAX_CATCH_UP=10 is schedule.maxCatchUp; a value is written as in YAML. */
function variableLayer(layers: Layers, variable: string, text: string): Layer {
  const words = variable.slice(PREFIX.length).split('__');
  const matched = matchKeys(configurationSchema, words, layers.value);
  if ('unknown' in matched) {
    throw new PlimsollError(
      'CONFIGURATION_INVALID',
      `the variable ${variable} names no value of the configuration ("${matched.unknown}")`,
      `use ${nearest(matched.unknown.replaceAll('_', ''), matched.known)}, or remove the variable`,
    );
  }
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new PlimsollError(
      'CONFIGURATION_INVALID',
      `the variable ${variable} is not a value of YAML`,
      'quote it, or correct it',
      { cause },
    );
  }
  return { kind: 'variable', variable, path: matched.path, value };
}

type Issue = z.core.$ZodIssue;

function invalid(layers: Layers, found: Issue, file: string): PlimsollError {
  const issue = innermost(found);
  if (issue.code === 'unrecognized_keys') return unknownKey(layers, issue.path as Path, issue.keys[0], file);
  const path = issue.path as Path;
  const given = layers.at(path);
  const where = originText(layers.placeOf(path) ?? { kind: 'file', file: basename(file) });
  const what = given === undefined ? `${pathText(path)} is missing` : `${pathText(path)} is ${shown(given)}`;
  const wanted = wantedAt(issue, configurationSchema, layers.value);
  return new PlimsollError('CONFIGURATION_INVALID', `in ${where} ${what}`, `write ${wanted}`);
}

/** A key that is not known explains one that is missing. */
const firstOf = (issues: readonly Issue[]): Issue =>
  issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];

function unknownKey(layers: Layers, parent: Path, key: string, file: string): PlimsollError {
  const where = originText(layers.placeOf([...parent, key]) ?? { kind: 'file', file: basename(file) });
  const known = keysAt(configurationSchema, parent, layers.value);
  const inside = parent.length > 0 ? ` in ${pathText(parent)}` : '';
  return new PlimsollError(
    'CONFIGURATION_INVALID',
    `in ${where} there is no key "${key}"${inside}`,
    `use ${nearest(key, known)}`,
  );
}

/** Of an alternative that fits none: the issue of the one that fits best. */
function innermost(issue: Issue): Issue {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue;
  const nested = issue.errors.map(([first]) => first).filter((first) => first !== undefined);
  const deepest = nested.sort((a, b) => b.path.length - a.path.length)[0];
  return deepest ? innermost({ ...deepest, path: [...issue.path, ...deepest.path] } as Issue) : issue;
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 80);

/** Names that refer to each other. */
function checkNames(configuration: Configuration, layers: Layers): void {
  for (const [name, { venue }] of Object.entries(configuration.universes)) {
    if (Object.hasOwn(configuration.venues, venue)) continue;
    throw misnamed(
      layers,
      ['universes', name, 'venue'],
      `the venue "${venue}" is not known`,
      venue,
      Object.keys(configuration.venues),
    );
  }
  configuration.accounts.forEach((account, k) => {
    if (!Object.hasOwn(configuration.universes, account.universe)) {
      throw misnamed(
        layers,
        ['accounts', k, 'universe'],
        `the universe "${account.universe}" is not known`,
        account.universe,
        Object.keys(configuration.universes),
      );
    }
    if (configuration.accounts.findIndex(({ id }) => id === account.id) !== k) {
      throw new PlimsollError(
        'CONFIGURATION_INVALID',
        `in ${originText(layers.placeOf(['accounts', k, 'id'])!)} two accounts are called "${account.id}"`,
        'give one of them another id',
      );
    }
    const { symbols } = universeOf(configuration, account);
    account.strategies.forEach(({ instruments = [] }, s) => {
      const stranger = instruments.find((symbol) => !symbols.includes(symbol));
      if (stranger === undefined) return;
      throw misnamed(
        layers,
        ['accounts', k, 'strategies', s, 'instruments'],
        `the universe "${account.universe}" has no ${stranger}`,
        stranger,
        symbols,
      );
    });
  });
}

function misnamed(layers: Layers, path: Path, what: string, word: string, known: readonly string[]): PlimsollError {
  const place = layers.placeOf(path);
  return new PlimsollError(
    'CONFIGURATION_INVALID',
    `in ${place ? originText(place) : 'the configuration'} ${what}`,
    `use ${nearest(word, known)}`,
  );
}
