/**
 * RAND() (MySQL manual 14.6.2), by MySQL's generator, so that equal seeds give equal numbers.
 */
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import type { ExactValue } from '../common/value.js'

const RANDOM_MODULUS = 0x3fffffff

export class RandomGenerator {
  private constructor(
    private first: number,
    private second: number,
  ) {}

  /** The sequence of RAND(seed). */
  static ofSeed(seed: ExactValue): RandomGenerator {
    const low = BigInt.asUintN(32, BigInt(seed))
    return new RandomGenerator(
      Number(BigInt.asUintN(32, low * 0x10001n + 55555555n)) % RANDOM_MODULUS,
      Number(BigInt.asUintN(32, low * 0x10000001n)) % RANDOM_MODULUS,
    )
  }

  /** A sequence that nobody foresees, until its seeds are set. */
  static unforeseen(): RandomGenerator {
    const number = () => Math.floor(Math.random() * RANDOM_MODULUS)
    return new RandomGenerator(number(), number())
  }

  /** rand_seed1 and rand_seed2. */
  setSeed(which: 1 | 2, seed: ExactValue): void {
    const value = Number(BigInt(seed) % BigInt(RANDOM_MODULUS))
    if (which === 1) this.first = value
    else this.second = value
  }

  next(): number {
    this.first = (this.first * 3 + this.second) % RANDOM_MODULUS
    this.second = (this.first + this.second + 33) % RANDOM_MODULUS
    return this.first / RANDOM_MODULUS
  }
}

/** A constant seed starts one sequence for the statement; another one starts anew at each row. */
export function compileRandom([seed]: readonly Evaluator[], isConstantSeed: boolean): Evaluator {
  if (seed === undefined) return (_batch, _row, { session }) => session.random()
  const site = {}
  return (batch, row, context: EvaluationContext) => {
    const create = () => RandomGenerator.ofSeed((seed(batch, row, context) ?? 0) as ExactValue)
    if (isConstantSeed) return context.state(site, create).next()
    return create().next()
  }
}
