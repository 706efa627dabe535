/**
 * Functions about user locks (MySQL manual 14.14 "Locking Functions"). GET_LOCK() is not among them: it may have to wait, which
 * no evaluator does; see `plan/waiting-calls.ts`.
 */
import type { EvaluationContext, UserLockFunctions } from '../common/evaluation.js'
import type { Value } from '../common/value.js'
import type { ScalarFunction } from '../spi/functions.js'
import { integerType, unsignedIntegerType } from './result-types.js'
import { scalarFunction, type FunctionShape } from './support.js'

/** A function of one lock's name; NULL is refused like other bad names. */
function ofLock(
  type: FunctionShape['type'],
  nullable: boolean,
  answer: (locks: UserLockFunctions, name: string | null) => Value,
): FunctionShape {
  return {
    parameters: ['text'],
    type,
    nullable,
    volatility: 'volatile',
    compile:
      ([name]) =>
      (batch, row, context: EvaluationContext) =>
        answer(context.session.userLocks, (name?.(batch, row, context) ?? null) as string | null),
  }
}

export const userLockFunctions: readonly ScalarFunction[] = [
  scalarFunction(
    'release_lock',
    ofLock(integerType(1), true, (locks, name) => {
      const isReleased = locks.release(name)
      return isReleased === undefined ? null : Number(isReleased)
    }),
  ),
  scalarFunction('release_all_locks', {
    parameters: [],
    type: unsignedIntegerType(21),
    nullable: false,
    volatility: 'volatile',
    compile: () => (_batch, _row, context) => context.session.userLocks.releaseAll(),
  }),
  scalarFunction(
    'is_free_lock',
    ofLock(integerType(1), true, (locks, name) => Number(locks.holderOf(name) === undefined)),
  ),
  scalarFunction(
    'is_used_lock',
    ofLock(unsignedIntegerType(10), true, (locks, name) => locks.holderOf(name) ?? null),
  ),
]
