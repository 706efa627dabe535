/**
 * User variables (`@x`) and system variables (`@@x`) in expressions (MySQL manual 11.4 and 7.1.9).
 */
import { NULL_TYPE, isText } from '../common/sql-type.js'
import type { Expression } from '../plan/expression.js'
import type { SystemVariable } from '../plan/syntax/index.js'
import type { Binding } from './binding.js'
import { specialCall } from './calls.js'

/** The type is the one that the variable has while the statement is bound. */
export function bindUserVariable(binding: Binding, name: string): Expression {
  binding.forbidCaching()
  const known = binding.environment.userVariable(name)
  const type = known?.type ?? NULL_TYPE
  return specialCall(
    'get user variable',
    `(@${name})`,
    [],
    { type, nullable: true, coercibility: 2, volatility: 'volatile' },
    () => (_batch, _row, context) => context.session.getUserVariable(name)?.value ?? null,
  )
}

export function bindAssignment(name: string, value: Expression): Expression {
  const type = value.type
  return specialCall(
    'set user variable',
    `(@${name}:=${value.text})`,
    [value],
    { type, nullable: value.nullable, coercibility: 2, volatility: 'volatile' },
    (args) => {
      const evaluate = args[0]
      if (evaluate === undefined) throw new Error('invariant: an assignment has a value')
      return (batch, row, context) => {
        const result = evaluate(batch, row, context)
        context.session.setUserVariable(name, { type, value: result })
        return result
      }
    },
  )
}

export function bindSystemVariable(binding: Binding, syntax: SystemVariable): Expression {
  const name = (
    syntax.component === undefined ? syntax.name : `${syntax.component}.${syntax.name}`
  ).toLowerCase()
  const scope = syntax.scope === 'global' || syntax.scope === 'persist' ? 'global' : 'session'
  const explicit = syntax.scope === undefined ? undefined : scope
  const type = binding.environment.systemVariableType(name, explicit)
  const shown = syntax.scope === undefined ? `@@${syntax.name}` : `@@${syntax.scope}.${syntax.name}`
  return specialCall(
    'system variable',
    shown,
    [],
    { type, nullable: true, coercibility: isText(type) ? 3 : 5, volatility: 'statement' },
    () => (_batch, _row, context) => context.session.systemVariable(name, scope),
  )
}
