/** From an order back to the bars that its model learned from: every link is looked up, and checked where it can be. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256OfFile } from '../../adapters/files/bar-file.ts';
import type { ModelRegistry } from '../../adapters/models/registry.ts';
import { PlimsollError } from '../../core/errors.ts';
import { formatInstant } from '../../core/market/civil.ts';
import type { ModelManifest } from '../../core/models/manifest.ts';
import type { ServedModel } from '../../core/models/opinion.ts';
import type { LedgerPort } from '../../core/ports/ledger.ts';
import { opinionsAsked, trialsGiven } from '../../core/strategies/opinions-asked.ts';
import type { RunningStrategy } from '../../core/strategies/runner.ts';
import type { StepPorts } from '../../functions/steps/ports.ts';
import { eventsAfter } from '../../operations/support/ledger-events.ts';
import { replayDecision, type Sight } from '../replay-decision.ts';
import { writeTrainingTable } from './training-table.ts';

/** A link of the chain: what was found, and whether it is what it has to be. */
export interface Link {
  readonly link: 'order' | 'decision' | 'opinion' | 'version' | 'files' | 'training' | 'table' | 'bars';
  readonly holds: boolean;
  readonly found: string;
}

export interface LineageRequest {
  readonly ports: StepPorts;
  readonly models: ModelRegistry;
  readonly stream: string;
  /** Number of the order in its account. */
  readonly order: number;
  /** The model that it has to come from; any when left out. */
  readonly model?: string;
  /** Path of the bars that the table was made from, where they are at hand: it is made again from them. */
  readonly bars?: string;
}

/** What a card says of the table that was learned from. */
interface LearnedFrom {
  readonly features: readonly string[];
  readonly label: ModelManifest['label'];
  readonly sha256: string;
  readonly rows: number;
  readonly symbols: readonly string[];
  readonly sources: readonly { readonly file: string; readonly sha256: string }[];
  readonly lockedFrom?: number;
}

const PAGE = 10_000;

/** Throws `ORDER_UNKNOWN`, `ORDER_WITHOUT_MODEL`, `ORDER_OF_ANOTHER_MODEL`, and what the replay of a decision throws. */
export async function lineageOf({
  ports,
  models,
  stream,
  order,
  model,
  bars,
}: LineageRequest): Promise<readonly Link[]> {
  const { cycle, strategy } = await placed(ports.ledger, stream, order);
  const decision = await replayDecision(ports, stream, String(cycle));
  const running = decision.engine.runners[strategy].running;
  const asked = askedBy(running);
  if (asked.length === 0)
    throw new PlimsollError(
      'ORDER_WITHOUT_MODEL',
      `the order ${order} is of "${running.id}", which asks no model`,
      'see what it was decided on with `plimsoll replay`',
    );
  if (model !== undefined && asked.every(({ served }) => served.name !== model))
    throw new PlimsollError(
      'ORDER_OF_ANOTHER_MODEL',
      `the order ${order} does not come from the model "${model}"`,
      `it comes from ${asked.map(({ served }) => served.name).join(', ')}`,
    );
  const links: Link[] = [
    {
      link: 'order',
      holds: true,
      found: `order ${order} of ${stream}, proposed by "${running.id}" at ${formatInstant(cycle)}`,
    },
    {
      link: 'decision',
      holds: decision.same,
      found: decision.same ? 'made again from what it pinned, byte for byte' : decision.differences.join('; '),
    },
  ];
  const sights = decision.sights.filter(({ strategy: id }) => id === running.id);
  for (const each of asked) {
    links.push(opinionLink(each, sights));
    links.push(...(await modelLinks(models, each, bars).catch(asBroken(each))));
  }
  return links;
}

/** A version that a decision rests on. What it said stands in an output of the indicator by which it was asked. */
interface AskedBy {
  readonly indicator: string;
  readonly output: string;
  readonly served: ServedModel;
  /** Of the capital, where it is one on trial. */
  readonly share?: number;
}

/** Those that decide, and then those on trial beside them. */
const askedBy = ({ definition, params }: RunningStrategy): AskedBy[] => [
  ...opinionsAsked(definition, params).flatMap(([indicator, { served }, output]) =>
    served ? [{ indicator, output, served }] : [],
  ),
  ...trialsGiven(definition, params).map(([indicator, { trial, output }]) => ({ indicator, output, ...trial })),
];

async function placed(ledger: LedgerPort, stream: string, order: number): Promise<{ cycle: number; strategy: number }> {
  const { sequence: last } = await ledger.head(stream);
  for (let after = 0; after < last; after += PAGE) {
    for (const { event } of await eventsAfter(ledger, stream, after, PAGE))
      if (event.kind === 'OrderInitialized' && event.order === order)
        return { cycle: event.cycle, strategy: event.strategy as number };
  }
  throw new PlimsollError(
    'ORDER_UNKNOWN',
    `there is no order ${order} in the ledger of ${stream}`,
    'list its orders with `plimsoll op orders.list --all true`',
  );
}

function opinionLink({ indicator, output, served, share }: AskedBy, sights: readonly Sight[]): Link {
  const said = sights.map(({ symbol, indicators }) => {
    const { value } = (indicators[indicator] as Record<string, { value: number }>)[output];
    return `${symbol} ${Number.isNaN(value) ? 'no answer' : value.toFixed(4)}`;
  });
  const who = share === undefined ? served.name : `${served.name}'s version on trial (${percent(share)})`;
  return { link: 'opinion', holds: sights.length > 0, found: `${who} said of a rise: ${said.join(', ')}` };
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** A version on trial that cannot be read is a link that does not hold: the champion decided without it. Of a champion it is thrown on. */
function asBroken({ served: { name }, share }: AskedBy): (error: unknown) => Link[] {
  return (error) => {
    if (share === undefined || !(error instanceof PlimsollError)) throw error;
    return [{ link: 'version', holds: false, found: `${name}'s version on trial: ${error.message}` }];
  };
}

async function modelLinks(
  models: ModelRegistry,
  { served: { name, version }, share }: AskedBy,
  bars?: string,
): Promise<Link[]> {
  const onTrial = share === undefined ? '' : `on trial over ${percent(share)} of the capital, `;
  const { manifest, card, about } = await models.version(name, version);
  await models.load({ name, version, manifest, card, about });
  const learned = card.table as unknown as LearnedFrom;
  const run = about.run as { readonly code?: string; readonly data?: { readonly hash?: string } };
  const links: Link[] = [
    { link: 'version', holds: true, found: `${name} ${version}, ${onTrial}which is the hash of its manifest` },
    {
      link: 'files',
      holds: true,
      found: `${Object.keys(manifest.files).length} files with the hashes that the manifest names`,
    },
    {
      link: 'training',
      holds: run.code !== undefined,
      found: `code ${run.code?.slice(0, 16)}, data ${run.data?.hash?.slice(0, 16)}`,
    },
    {
      link: 'table',
      holds: learned.sha256 === manifest.table,
      found: `${learned.rows} rows, SHA-256 ${manifest.table}`,
    },
  ];
  return [...links, bars === undefined ? namedBars(learned) : await remade(learned, bars)];
}

const namedBars = ({ sources }: LearnedFrom): Link => ({
  link: 'bars',
  holds: true,
  found: `${sources.map(({ file, sha256 }) => `${file}, SHA-256 ${sha256}`).join('; ')}; name the file with --bars to have the table made again`,
});

/** The table is made again: the same bars through the same features give the same bytes. */
async function remade(learned: LearnedFrom, bars: string): Promise<Link> {
  const sha256 = await sha256OfFile(bars);
  if (learned.sources.every((source) => source.sha256 !== sha256))
    return {
      link: 'bars',
      holds: false,
      found: `${bars} has the SHA-256 ${sha256}, which the model did not learn from`,
    };
  const out = await mkdtemp(join(tmpdir(), 'plimsoll-lineage-'));
  try {
    const { features, label, lockedFrom, symbols } = learned;
    const made = await writeTrainingTable({
      bars,
      symbols,
      features,
      label,
      ...(lockedFrom === undefined ? {} : { lockedFrom }),
      out,
      keepsBars: false,
    });
    const isSame = made.sha256 === learned.sha256;
    return {
      link: 'bars',
      holds: isSame,
      found: `${isSame ? 'the table was made again from' : 'another table comes of'} these bars, SHA-256 ${sha256}`,
    };
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}
