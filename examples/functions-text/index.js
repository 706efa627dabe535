/**
 * A function library in one file: SLUG('Größe & Gewicht') is 'grosse-gewicht'. A function binds to the types of its arguments once a
 * plan, and compiles to a closure that runs once a row.
 */
import { definePlugin, textType } from '@switchyard/core/spi'

const slug = {
  name: 'slug',
  argumentsMin: 1,
  argumentsMax: 1,
  volatility: 'immutable',
  bind([argument], environment) {
    const text = textType(Math.max(argument.type.length, 1), environment.connectionCollation)
    return {
      type: text,
      nullable: argument.nullable,
      // The server converts whatever comes to text before it calls.
      parameterTypes: [text],
      compile:
        ([evaluate]) =>
        (batch, row, context) => {
          const value = evaluate(batch, row, context)
          return value === null ? null : slugOf(value)
        },
    }
  },
}

function slugOf(text) {
  return text
    .replaceAll('ß', 'ss')
    .normalize('NFD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}

const SCALARS = new Map([[slug.name, slug]])

export const plugin = definePlugin({
  name: 'switchyard-functions-text',
  spiVersion: '^0.1.0',
  provides: ['functions'],
  options: {},
  create: () => ({
    functions: {
      scalar: (name) => SCALARS.get(name.toLowerCase()),
      aggregate: () => undefined,
      window: () => undefined,
      names: () => [...SCALARS.keys()],
    },
  }),
})
