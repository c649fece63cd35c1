/** The factor of a covariance, to measure lengths by it. */
import type { SquareMatrix } from '../risk/portfolio/covariance.ts';

/**
 * Lower triangular L with `L Lᵀ` the matrix, row by row (Cholesky's, G. Golub and C. Van Loan, Matrix Computations, algorithm 4.2.1);
 * undefined where the matrix is not positive definite.
 */
export function factorOf({ size, values }: SquareMatrix): Float64Array | undefined {
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = values[i * size + j];
      for (let k = 0; k < j; k++) rest -= factor[i * size + k] * factor[j * size + k];
      if (i !== j) factor[i * size + j] = rest / factor[j * size + j];
      else if (rest > 0) factor[i * size + i] = Math.sqrt(rest);
      else return undefined;
    }
  }
  return factor;
}

/** `√(vᵀ C⁻¹ v)` of the C with that factor: the length of the w with `L w = v`. */
export function lengthUnder(factor: Float64Array, vector: Float64Array): number {
  const size = vector.length;
  const solved = new Float64Array(size);
  let squares = 0;
  for (let i = 0; i < size; i++) {
    let rest = vector[i];
    for (let k = 0; k < i; k++) rest -= factor[i * size + k] * solved[k];
    solved[i] = rest / factor[i * size + i];
    squares += solved[i] ** 2;
  }
  return Math.sqrt(squares);
}
