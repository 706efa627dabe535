/**
 * Measuring by turns: slices that are neighbours have more of a noisy machine in common than runs that are minutes apart.
 */

/** Of an even number of values the upper one in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? NaN
}

/** Lets each measure have its turn, so many times; answers what each of them measured, in its order. */
export function byTurns<T>(turns: number, measures: readonly (() => T)[]): T[][] {
  const measured = measures.map((): T[] => [])
  for (let turn = 0; turn < turns; turn++) measures.forEach((measure, i) => measured[i]?.push(measure()))
  return measured
}

/** The median of the quotients of what was measured in the same turns, and the least and the greatest of them. */
export function ratioOf(
  ours: readonly number[],
  theirs: readonly number[],
): { readonly median: number; readonly spread: string } {
  const ratios = ours.map((value, i) => value / (theirs[i] ?? NaN))
  const spread =
    ratios.length > 1 ? ` (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})` : ''
  return { median: median(ratios), spread }
}
