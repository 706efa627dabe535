/**
 * Several function libraries as one; the first that knows a name wins, and built-in ones come first.
 */
import type { AggregateFunction, FunctionLibrary, ScalarFunction, WindowFunction } from '../spi/functions.js'

export class CombinedFunctions implements FunctionLibrary {
  constructor(private readonly libraries: readonly FunctionLibrary[]) {}

  scalar(name: string): ScalarFunction | undefined {
    return first(this.libraries, (library) => library.scalar(name))
  }

  aggregate(name: string): AggregateFunction | undefined {
    return first(this.libraries, (library) => library.aggregate(name))
  }

  window(name: string): WindowFunction | undefined {
    return first(this.libraries, (library) => library.window(name))
  }

  names(): readonly string[] {
    return [...new Set(this.libraries.flatMap((library) => library.names()))]
  }
}

function first<T>(
  libraries: readonly FunctionLibrary[],
  ask: (library: FunctionLibrary) => T | undefined,
): T | undefined {
  for (const library of libraries) {
    const answer = ask(library)
    if (answer !== undefined) return answer
  }
  return undefined
}
