/** Why a row of a batch has no value: the reasons that the job gives (models/plimsoll_models/batch/rows.py), and their words. */

/** By the reason as the job writes it. New ones go to the end: a place is a number in ledgers. */
const REASONS: Readonly<Record<string, string>> = {
  unknown: 'its job gave a reason that is not known here',
  'too-few-rows': 'there were fewer bars up to its fit than its window',
  'no-spread': 'no bar of its window differs from another',
  'one-class': 'every bar of its window went the same way',
  'fit-failed': 'the method could not be fitted to its window',
  'ask-failed': 'the method could not be asked about it',
  'no-number': 'what the method said is no finite number',
};

const NAMES = Object.keys(REASONS);

/** 0 for a reason that is not known here. */
export const missingPlace = (reason: string | undefined): number => Math.max(0, NAMES.indexOf(reason ?? ''));

export const missingText = (place: number): string => REASONS[NAMES[place] ?? 'unknown'];
