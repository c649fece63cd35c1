import { parseInstant } from './civil.ts';

/** From 1973 on, so that seconds, and a date without its hyphens, are not taken for milliseconds; up to where a Date ends. */
const MILLISECONDS = /^\d{12,15}$/;

/** Milliseconds UTC of what a person wrote: those themselves, or an ISO 8601 date or date and time. Undefined where it is neither. */
export const instantOf = (text: string): number | undefined =>
  MILLISECONDS.test(text.trim()) ? Number(text) : parseInstant(text);
