/**
 * The minimum of a function of a few variables without its derivatives: the simplex of J. Nelder and R. Mead, A Simplex Method for Function
 * Minimization, The Computer Journal 7 (1965), with the coefficients 1, 2, 1/2 and 1/2. It is deterministic.
 */
export interface Minimum {
  readonly at: Float64Array;
  readonly value: number;
}

export interface MinimiseOptions {
  /** Length of the first simplex' edges. Default 0.5. */
  readonly step?: number;
  /** Values of the simplex' corners that are nearer to each other than this, as a share of their size, are the same. Default 1e-12. */
  readonly tolerance?: number;
  /** Values that are asked for at most. Default 4,000. */
  readonly most?: number;
}

/** Begins once more where it ends, since a simplex may shrink where there is no minimum. */
export function minimise(of: (x: Float64Array) => number, from: Float64Array, options: MinimiseOptions = {}): Minimum {
  const first = descend(of, from, options);
  return descend(of, first.at, options);
}

function descend(
  of: (x: Float64Array) => number,
  from: Float64Array,
  { step = 0.5, tolerance = 1e-12, most = 4_000 }: MinimiseOptions,
): Minimum {
  const size = from.length;
  let asked = 0;
  const cornerAt = (at: Float64Array): Minimum => {
    asked++;
    const value = of(at);
    return { at, value: Number.isNaN(value) ? Number.POSITIVE_INFINITY : value };
  };
  const corners = Array.from({ length: size + 1 }, (_, k) =>
    cornerAt(from.map((value, d) => (d === k - 1 ? value + step : value))),
  );
  const byValue = (a: Minimum, b: Minimum): number => a.value - b.value;
  corners.sort(byValue);
  while (
    asked < most &&
    corners[size].value - corners[0].value > tolerance * (Math.abs(corners[0].value) + tolerance)
  ) {
    const worst = corners[size];
    const centre = from.map((_, d) => corners.slice(0, size).reduce((sum, { at }) => sum + at[d], 0) / size);
    const along = (by: number): Minimum => cornerAt(centre.map((value, d) => value + by * (value - worst.at[d])));
    const reflected = along(1);
    const replaced =
      reflected.value < corners[0].value
        ? lower(along(2), reflected)
        : reflected.value < corners[size - 1].value
          ? reflected
          : contracted(worst, reflected, along);
    if (replaced) corners[size] = replaced;
    else for (let k = 1; k <= size; k++) corners[k] = cornerAt(corners[k].at.map((x, d) => (x + corners[0].at[d]) / 2));
    corners.sort(byValue);
  }
  return corners[0];
}

const lower = (a: Minimum, b: Minimum): Minimum => (a.value < b.value ? a : b);

/** Undefined where no point nearer to the centre is better, so that the simplex has to shrink. */
function contracted(worst: Minimum, reflected: Minimum, along: (by: number) => Minimum): Minimum | undefined {
  const isOutside = reflected.value < worst.value;
  const nearer = along(isOutside ? 0.5 : -0.5);
  return nearer.value < Math.min(worst.value, reflected.value) ? nearer : undefined;
}
