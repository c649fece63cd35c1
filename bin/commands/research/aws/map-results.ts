/** What Step Functions wrote about the child executions of a sweep: a manifest, and files with those that succeeded and those that did not. */
import * as z from 'zod';
import type { ObjectStore } from '../../../../core/ports/object-store.ts';
import { runsPrefix } from '../../../../functions/support/sweep/plan.ts';
import { SWEEPS_PREFIX } from '../../../../functions/support/sweep/sweeps-prefix.ts';

const fileSchema = z.object({ Key: z.string() });
const manifestSchema = z.object({
  ResultFiles: z.object({
    FAILED: z.array(fileSchema).default([]),
    PENDING: z.array(fileSchema).default([]),
    SUCCEEDED: z.array(fileSchema).default([]),
  }),
});
const childrenSchema = z.array(
  z.object({ Output: z.string().optional(), Error: z.string().optional(), Cause: z.string().optional() }),
);
const answerSchema = z.object({
  ms: z.number(),
  runs: z.number(),
  items: z.array(z.object({ outcome: z.string(), why: z.string().optional() })),
});

export interface MapResults {
  /** Of all functions together, as they measured it. */
  readonly ms: number;
  readonly runs: number;
  readonly batches: number;
  /** Why batches failed or items were refused, each reason once, the most frequent first. */
  readonly reasons: readonly string[];
}

/** Files of one kind that are read. */
const MOST_FILES = 1_000;
const SHOWN_LENGTH = 300;

/** Undefined where it has written nothing, or in another form: it tells why and how long, and no result rests on it. */
export async function mapResultsOf(
  objects: Pick<ObjectStore, 'get'>,
  sweep: string,
  run: string,
): Promise<MapResults | undefined> {
  const manifest = manifestSchema.safeParse(await json(objects, `${runsPrefix(sweep)}/${run}/manifest.json`));
  if (!manifest.success) return undefined;
  const { SUCCEEDED, FAILED, PENDING } = manifest.data.ResultFiles;
  const reasons = new Map<string, number>();
  const because = (why: string): unknown => reasons.set(why, (reasons.get(why) ?? 0) + 1);
  let [ms, runs, batches] = [0, 0, 0];
  for (const { Output } of await childrenIn(objects, SUCCEEDED)) {
    const answer = answerSchema.safeParse(parsed(Output ?? ''));
    if (!answer.success) continue;
    batches++;
    ms += answer.data.ms;
    runs += answer.data.runs;
    for (const { outcome, why } of answer.data.items) if (outcome === 'refused') because(why ?? outcome);
  }
  for (const { Error: name = 'it failed', Cause } of await childrenIn(objects, [...FAILED, ...PENDING]))
    because(Cause ? `${name}: ${messageIn(Cause)}` : name);
  const ordered = [...reasons].sort((a, b) => b[1] - a[1]).map(([why, count]) => `${why} (${count} times)`);
  return { ms, runs, batches, reasons: ordered };
}

async function childrenIn(objects: Pick<ObjectStore, 'get'>, files: readonly { readonly Key: string }[]) {
  const children: z.infer<typeof childrenSchema> = [];
  for (const { Key } of files.slice(0, MOST_FILES)) {
    const read = childrenSchema.safeParse(await json(objects, Key.slice(SWEEPS_PREFIX.length)));
    if (read.success) children.push(...read.data);
  }
  return children;
}

async function json(objects: Pick<ObjectStore, 'get'>, key: string): Promise<unknown> {
  const bytes = await objects.get(key);
  return bytes && parsed(Buffer.from(bytes).toString());
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The sentence in what Lambda says of an error; anything else as it is, cut. */
function messageIn(cause: string): string {
  const { errorMessage } = (parsed(cause) ?? {}) as { errorMessage?: unknown };
  return (typeof errorMessage === 'string' ? errorMessage : cause).slice(0, SHOWN_LENGTH);
}
