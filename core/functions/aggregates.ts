/**
 * All aggregate functions, family by family.
 */
import type { AggregateFunction } from '../spi/functions.js'
import { bitAggregates } from './aggregate-bits.js'
import { concatenationFunctions } from './aggregate-concatenation.js'
import { extremeFunctions } from './aggregate-extremes.js'
import { jsonAggregates } from './aggregate-json.js'
import { sumFunctions } from './aggregate-sums.js'
import { varianceFunctions } from './aggregate-variance.js'

export const aggregateFunctions: readonly AggregateFunction[] = [
  ...bitAggregates,
  ...concatenationFunctions,
  ...extremeFunctions,
  ...jsonAggregates,
  ...sumFunctions,
  ...varianceFunctions,
]
