import { formatInstant } from '../../core/market/civil.ts';
import { type EventView, namedEvents } from '../../operations/support/events.ts';
import { type ReplayedDecision, replayDecision } from '../../platform/replay-decision.ts';
import { streamOfAccount, visiting } from '../../platform/visit.ts';

export interface ReplayArguments {
  readonly config: string;
  readonly data?: string;
  readonly account?: string;
  readonly json?: boolean;
}

/** Makes a decision again and shows every number that led to it; exit code 1 where it does not come out the same. */
export async function replay(decision: string, given: ReplayArguments): Promise<void> {
  const { replayed, events } = await visiting({ ...given, readOnly: true }, async (visit) => {
    const stream = await streamOfAccount(visit, given.account);
    const made = await replayDecision(visit.steps, stream, decision);
    return { replayed: made, events: await namedEvents(visit.embedded.ledger, made as never, made.events) };
  });
  if (given.json) printJson(replayed, events);
  else printText(replayed, events);
  if (!replayed.same) process.exitCode = 1;
}

function printJson(
  { engine: _, state: __, events: ___, ...shown }: ReplayedDecision,
  events: readonly EventView[],
): void {
  process.stdout.write(`${JSON.stringify({ ...shown, events })}\n`);
}

function printText(replayed: ReplayedDecision, events: readonly EventView[]): void {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  say(`Decision of ${formatInstant(replayed.cycle)} in ${replayed.stream}, on ${replayed.provenance} data`);
  say(
    `equity ${replayed.equity}, cash ${replayed.cash}, trading ${replayed.tradingState}${replayed.lateByMs > 0 ? `, late by ${replayed.lateByMs} ms` : ''}`,
  );
  say(`limits ${JSON.stringify(replayed.limits)}`);
  for (const { strategy, symbol, params, bar, indicators, position } of replayed.sights) {
    say(`\n${strategy} on ${symbol} ${JSON.stringify(params)}`);
    say(`  bar        open ${bar.open}, high ${bar.high}, low ${bar.low}, close ${bar.close}, volume ${bar.volume}`);
    for (const [name, value] of Object.entries(indicators)) say(`  ${name.padEnd(10)} ${seriesText(value)}`);
    say(
      `  position   ${position.quantity === 0 ? 'none' : `${position.quantity} at ${position.entryPrice}, unrealised ${position.unrealised}`}`,
    );
  }
  say('\nproposals');
  for (const { strategy, proposal } of replayed.proposals)
    say(`  ${replayed.engine.definition.strategies[strategy].id}: ${JSON.stringify(proposal)}`);
  say('\nevents');
  for (const { sequence, kind, fields } of events) say(`  ${sequence} ${kind} ${JSON.stringify(fields)}`);
  say('');
  for (const difference of replayed.differences) say(difference);
  say(`same: ${replayed.same}`);
}

function seriesText(view: unknown): string {
  const { value, previous } = view as { value?: number | null; previous?: number | null };
  if (value !== undefined) return `${value} (before: ${previous})`;
  return Object.entries(view as object)
    .map(([name, inner]) => `${name} ${seriesText(inner)}`)
    .join(', ');
}
