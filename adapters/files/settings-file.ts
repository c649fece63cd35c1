/** A small YAML file of settings beside the configuration, held to a schema: what is wrong with it is said with its line and the way out. */
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type * as z from 'zod';
import { PlimsollError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { Layers, originText, type Path, pathText, yamlLayer } from './configuration-layers.ts';
import { keysAt, wantedAt } from './configuration-schema.ts';

const MAX_FILE_BYTES = 100_000;
const SHOWN_CHARACTERS = 80;

export interface SettingsFile<Schema extends z.ZodType> {
  /** Path. */
  readonly file: string;
  readonly schema: Schema;
  /** Code of what is thrown, such as `WATCH_INVALID`. */
  readonly code: string;
  /** The page that shows what it holds. */
  readonly page: string;
}

/** Reads it. Throws under the given code where it cannot be read, is no YAML, or does not fit. */
export function readSettings<Schema extends z.ZodType>(settings: SettingsFile<Schema>): z.output<Schema> {
  const { file, schema, code, page } = settings;
  const layers = new Layers();
  try {
    if (statSync(file).isDirectory() || statSync(file).size > MAX_FILE_BYTES)
      throw new PlimsollError(
        code,
        `${file} is a folder or larger than ${MAX_FILE_BYTES} bytes`,
        `write it as in ${page}`,
      );
    layers.add(yamlLayer(basename(file), readFileSync(file, 'utf8')));
  } catch (cause) {
    if (cause instanceof PlimsollError && cause.code === code) throw cause;
    throw new PlimsollError(code, (cause as Error).message, `correct it; ${page} shows what the file holds`, { cause });
  }
  const read = schema.safeParse(layers.value);
  if (read.success) return read.data;
  const { issues } = read.error;
  // A key that is not known explains one that is missing.
  throw said(issues.find((issue) => issue.code === 'unrecognized_keys') ?? issues[0], layers, settings);
}

function said<Schema extends z.ZodType>(
  issue: z.core.$ZodIssue,
  layers: Layers,
  { file, schema, code }: SettingsFile<Schema>,
): PlimsollError {
  const path = issue.path as Path;
  const where = (at: Path): string => originText(layers.placeOf(at) ?? { kind: 'file', file: basename(file) });
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys;
    const inside = path.length > 0 ? ` in ${pathText(path)}` : '';
    const known = keysAt(schema, path, layers.value);
    return new PlimsollError(
      code,
      `in ${where([...path, key])} there is no key "${key}"${inside}`,
      `use ${nearest(key, known)}`,
    );
  }
  const given = layers.at(path);
  const shown = (JSON.stringify(given) ?? String(given)).slice(0, SHOWN_CHARACTERS);
  const what =
    given === undefined ? `${pathText(path)} is missing` : `${pathText(path) || 'what it holds'} is ${shown}`;
  return new PlimsollError(code, `in ${where(path)} ${what}`, `write ${wantedAt(issue, schema, layers.value)}`);
}
