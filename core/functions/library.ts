/**
 * The built-in functions: every family joined in one library. A new family is one import and one line here.
 */
import type { AggregateFunction, FunctionLibrary, ScalarFunction, WindowFunction } from '../spi/functions.js'
import { aggregateFunctions } from './aggregates.js'
import { arithmeticFunctions } from './arithmetic.js'
import { bitOperators } from './bit-operators.js'
import { comparisonOperators } from './comparison-operators.js'
import { controlFlowFunctions } from './control-flow.js'
import { divisionFunctions } from './division.js'
import { everydayFunctions } from './everyday-functions.js'
import { membershipOperators } from './membership-operators.js'
import { patternOperators } from './pattern-operators.js'
import { truthOperators } from './truth-operators.js'
import { windowFunctions } from './windows.js'

const SCALAR_FAMILIES: readonly (readonly ScalarFunction[])[] = [
  arithmeticFunctions,
  bitOperators,
  comparisonOperators,
  controlFlowFunctions,
  divisionFunctions,
  everydayFunctions,
  membershipOperators,
  patternOperators,
  truthOperators,
]

/** Functions by name. */
class FunctionTable implements FunctionLibrary {
  private readonly scalars: ReadonlyMap<string, ScalarFunction>
  private readonly aggregates: ReadonlyMap<string, AggregateFunction>
  private readonly windows: ReadonlyMap<string, WindowFunction>

  constructor(
    scalars: readonly ScalarFunction[],
    aggregates: readonly AggregateFunction[],
    windows: readonly WindowFunction[],
  ) {
    this.scalars = byName(scalars)
    this.aggregates = byName(aggregates)
    this.windows = byName(windows)
  }

  scalar(name: string): ScalarFunction | undefined {
    return this.scalars.get(name) ?? this.scalars.get(name.toLowerCase())
  }

  aggregate(name: string): AggregateFunction | undefined {
    return this.aggregates.get(name) ?? this.aggregates.get(name.toLowerCase())
  }

  window(name: string): WindowFunction | undefined {
    return this.windows.get(name) ?? this.windows.get(name.toLowerCase())
  }

  names(): readonly string[] {
    return [...this.scalars.keys(), ...this.aggregates.keys(), ...this.windows.keys()].sort()
  }
}

function byName<T extends { readonly name: string }>(functions: readonly T[]): ReadonlyMap<string, T> {
  const map = new Map<string, T>()
  for (const each of functions) {
    const name = each.name.toLowerCase()
    if (map.has(name)) throw new Error(`function ${name} is defined twice`)
    map.set(name, each)
  }
  return map
}

let library: FunctionLibrary | undefined

/** The library of the server's own functions; one instance. */
export function builtInFunctions(): FunctionLibrary {
  library ??= new FunctionTable(SCALAR_FAMILIES.flat(), aggregateFunctions, windowFunctions)
  return library
}
