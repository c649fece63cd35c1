/** The parts of the proof, and which sources the figures of each depend on. */
import { catalogueEntries } from './catalogue-sources.ts';
import { inputEntries } from './inputs.ts';
import { SESSION_ENTRIES } from './sessions.ts';
import { SIMULATION_ENTRIES } from './simulation.ts';

/** Those that say how far the platform can be relied on: the README's table. */
export const RELIABILITY_PARTS = ['simulation', 'bugs', 'mutants', 'inputs', 'sessions'] as const;
export type ReliabilityPart = (typeof RELIABILITY_PARTS)[number];

export const PROOF_PARTS = [...RELIABILITY_PARTS, 'catalogue'] as const;
export type ProofPart = (typeof PROOF_PARTS)[number];

interface Covered {
  /** Files that were run, from the figures where those name them. */
  readonly entries: (figures: { readonly files?: unknown }) => readonly string[];
  /** Whether what they import is left out. */
  readonly alone?: true;
}

export const COVERED: Readonly<Record<ProofPart, Covered>> = {
  simulation: { entries: () => SIMULATION_ENTRIES },
  bugs: { entries: () => SIMULATION_ENTRIES },
  // Each count says of which source it is (mutants.ts); those of sources that changed since are counted again by the tests.
  mutants: { entries: () => [], alone: true },
  inputs: { entries: inputEntries, alone: true },
  sessions: { entries: () => SESSION_ENTRIES },
  catalogue: { entries: catalogueEntries, alone: true },
};
