/** A library of one function, LETTERS(text), as a plugin would bring it. */
import { BIGINT_TYPE, textType, type FunctionLibrary, type ScalarFunction } from '@switchyard/core/spi'

const LETTERS: ScalarFunction = {
  name: 'letters',
  argumentsMin: 1,
  argumentsMax: 1,
  volatility: 'immutable',
  bind: ([text]) => ({
    type: BIGINT_TYPE,
    nullable: text?.nullable ?? true,
    parameterTypes: [textType(16383, 'utf8mb4_bin')],
    compile:
      ([argument]) =>
      (batch, row, context) => {
        const value = argument?.(batch, row, context) ?? null
        return value === null ? null : Array.from(String(value)).length
      },
  }),
}

export const letters: FunctionLibrary = {
  scalar: (name) => (name.toLowerCase() === LETTERS.name ? LETTERS : undefined),
  aggregate: () => undefined,
  window: () => undefined,
  names: () => [LETTERS.name],
}
