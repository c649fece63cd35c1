import {
  type Evidence,
  type LimitProposal,
  proposeLimits,
  type TriedThreshold,
} from '../../../core/research/risk/limit-proposal.ts';
import { changeText } from '../../../core/risk/limit-changes.ts';
import { withProgress } from '../progress.ts';
import { prepareRun } from '../recorded-backtest.ts';
import type { RunArguments } from '../run-arguments.ts';
import { guardedSweep } from './guarded-sweep.ts';
import { line, percent, printHead, printJson, provenanceOf, row, table } from './print.ts';

export interface ProposeArguments extends RunArguments {
  readonly giveUp: number;
  readonly drawdown: number;
  readonly draws: number;
  readonly seed: number;
}

/** Proposes tighter or looser limits with the evidence. It changes nothing. */
export async function limits(given: ProposeArguments): Promise<void> {
  const prepared = await prepareRun(given);
  const { giveUp, drawdown, draws, seed } = given;
  const proposal = withProgress('Trying', (onProgress) =>
    proposeLimits(prepared.definition, prepared.bars, {
      giveUp,
      drawdown,
      draws,
      seed,
      run: guardedSweep,
      onProgress,
    }),
  );
  if (given.json)
    printJson({ applied: false, giveUp, allowedDrawdown: drawdown, ...proposal, ...provenanceOf(prepared) });
  else {
    printHead(prepared);
    printProposal(given, proposal);
  }
}

function printProposal({ giveUp, drawdown }: ProposeArguments, proposal: LimitProposal): void {
  const { current, tried, changes, together } = proposal;
  row(
    'Resampled',
    `${proposal.days} days ${proposal.draws} times, in blocks of ${proposal.blockLength.toFixed(1)} on average, seed ${proposal.seed}`,
  );
  row(
    'As it is',
    `growth ${percent(current.growth)} a year, drawdown ${percent(current.drawdown)}, ${percent(current.drawdown95)} in 95 % of the resamples`,
  );
  row(
    'Allowed',
    `growth of ${percent(giveUp)} a year for a tighter limit, a drawdown of ${percent(drawdown)} for a looser one`,
  );
  line();
  table([
    ['Threshold', 'growth a year', 'between', 'drawdown 95 %', 'lower in', 'verdict'],
    ...tried.map((each) => [
      `${each.limit} ${each.from ?? 'off'} → ${each.to}`,
      ...evidenceCells(each.evidence),
      verdictText(each),
    ]),
  ]);
  line();
  if (changes.length === 0) {
    row('Proposed', 'nothing: the limits may stay as they are');
    return;
  }
  for (const change of changes) row('Proposed', `${changeText(change)}, which ${change.effect}`);
  if (together)
    row(
      'Together',
      `growth ${percent(together.growth)} a year, drawdown in 95 % of the resamples ${percent(together.drawdown95)}`,
    );
  line('\nNothing was changed. To take it, write this for the account in plimsoll.yaml:\n');
  line('    limits:');
  for (const { limit, to } of changes) line(`      ${limit}: ${JSON.stringify(to)}`);
  line(
    '\nWhat tightens holds from the next cycle on; what loosens waits for `plimsoll limits approve`. The same days chose and judged: try it on paper first.',
  );
}

function evidenceCells(evidence: Evidence | null): string[] {
  if (!evidence) return ['', '', '', ''];
  const { growth, growthBounds, drawdown95, lowerDrawdown } = evidence;
  return [
    percent(growth),
    `${percent(growthBounds[0])} and ${percent(growthBounds[1])}`,
    percent(drawdown95),
    percent(lowerDrawdown),
  ];
}

const verdictText = ({ verdict, because }: TriedThreshold): string => `${verdict}: ${because}`;
