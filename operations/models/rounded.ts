const DIGITS = 5;

/** As figures of models are shown. */
export const rounded = (value: number): number => Number(value.toPrecision(DIGITS));
