/** The files of a proof: figures, what they are of, and a checksum, so that neither can be changed without the other. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, type Json } from '../../core/json.ts';
import { COVERED, type ProofPart } from './parts.ts';
import { closureOf, hashOf, ROOT } from './sources.ts';

export interface Proof {
  readonly part: ProofPart;
  readonly figures: { readonly [name: string]: Json };
  /** How many files were run to get them, and their hash. */
  readonly covers: { readonly files: number; readonly sha256: string };
  /** Of all the above, hex. */
  readonly checksum: string;
}

export const proofPath = (part: ProofPart): string => `proof/${part}.json`;
/** What writes a part's file. */
export const commandOf = (part: ProofPart): string => `npm run proof -- ${part}`;

export function writeProof(part: ProofPart, figures: Proof['figures']): void {
  const unsigned = { part, figures, covers: coverOf(part, figures) };
  const proof: Proof = { ...unsigned, checksum: checksumOf(unsigned) };
  mkdirSync(join(ROOT, 'proof'), { recursive: true });
  writeFileSync(join(ROOT, proofPath(part)), textOf(proof));
}

/** A committed proof; undefined where the part was never run. */
export function readProof(part: ProofPart): Proof | undefined {
  try {
    return JSON.parse(readFileSync(join(ROOT, proofPath(part)), 'utf8')) as Proof;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What is wrong with a committed proof, as a sentence with the way out; undefined where nothing is. */
export function faultOf(proof: Proof): string | undefined {
  const { checksum, ...unsigned } = proof;
  const path = proofPath(proof.part);
  if (checksum !== checksumOf(unsigned)) return `${path} was edited by hand; ${commandOf(proof.part)} writes it anew`;
  if (proof.covers.sha256 !== coverOf(proof.part, proof.figures).sha256)
    return `${path} is of other sources than these; ${commandOf(proof.part)} renews it`;
  return undefined;
}

function coverOf(part: ProofPart, figures: Proof['figures']): Proof['covers'] {
  const { entries, alone } = COVERED[part];
  const files = alone ? [...entries(figures)].sort() : closureOf(entries(figures));
  return { files: files.length, sha256: hashOf(files) };
}

const checksumOf = (unsigned: Omit<Proof, 'checksum'>): string =>
  createHash('sha256')
    .update(canonicalJson(unsigned as unknown as Json))
    .digest('hex');

/** Sorted by key, a field a line. */
const textOf = (proof: Proof): string =>
  `${JSON.stringify(JSON.parse(canonicalJson(proof as unknown as Json)), null, 2)}\n`;
