/**
 * Structural identity of bound expressions: two expressions with the same key mean the same. Used to find GROUP BY
 * expressions and equal aggregates again.
 */
import type { Expression } from '../plan/expression.js'
import type { Binding } from './binding.js'

/** Literals count by their value, which pins them; volatile calls are equal to nothing. */
export function expressionKey(binding: Binding, expression: Expression): string {
  switch (expression.kind) {
    case 'column':
      return `#${expression.column}:${expression.type.collation}`
    case 'correlated':
      return `^${expression.column}`
    case 'constant':
      return `=${expression.type.name}/${expression.type.scale}:${shown(expression.value)}`
    case 'parameter': {
      if (!binding.environment.parameterizeLiterals) return `?${expression.slot}`
      binding.pin(expression.slot)
      const value = binding.evaluation.parameters[expression.slot] ?? null
      return `=${expression.type.name}/${expression.type.scale}:${shown(value)}`
    }
    case 'call': {
      if (expression.volatility === 'volatile') return `!${binding.newColumn()}`
      const args = expression.arguments.map((argument) => expressionKey(binding, argument))
      return `${expression.name}(${args.join(',')})`
    }
    case 'convert': {
      const { name, length, scale, collation, unsigned } = expression.type
      return `as ${name} ${length} ${scale} ${collation} ${unsigned ? 'u' : ''}(${expressionKey(binding, expression.operand)})`
    }
    case 'subquery':
      // Two sub-queries are the same only if they are the same node.
      return `subquery ${expression.columns.join(',')}`
  }
}

function shown(value: unknown): string {
  return value instanceof Uint8Array
    ? `x${Buffer.from(value).toString('hex')}`
    : `${typeof value} ${String(value)}`
}
