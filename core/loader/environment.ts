/**
 * Environment variables: those of the schema as a layer of the configuration, DEBUG and VERBOSE, and a warning for
 * names that are kept for features this version doesn't have.
 */
import { parseSwitch } from './config-formats.js'
import { schemaLeaves } from './config-schema.js'

export type Environment = Readonly<Record<string, string | undefined>>

/** Names of storage modes that are planned, with the prefix of their variables. */
const RESERVED = [
  { mode: 'mysql', form: /^MYSQL_(HOST|PORT|USER|PASSWORD|DATABASE|READ_ONLY|MAX_OPEN|MAX_IDLE|LIFETIME)$/ },
] as const

/** Values of the schema's variables by dotted key, each with the variable's name. Empty variables count as unset. */
export function environmentValues(
  environment: Environment,
): readonly { readonly key: string; readonly variable: string; readonly value: string }[] {
  return schemaLeaves().flatMap(([key, leaf]) => {
    const value = leaf.env === undefined ? undefined : environment[leaf.env]
    return leaf.env === undefined || value === undefined || value === ''
      ? []
      : [{ key, variable: leaf.env, value }]
  })
}

/** Whether a switch such as DEBUG is on. Other programs give DEBUG other values (`express:*`): they don't count. */
export function isSwitchedOn(environment: Environment, variable: string): boolean {
  return parseSwitch(environment[variable]) === true
}

/** A line for each variable that is set but has no effect yet. Values are never part of it. */
export function environmentWarnings(environment: Environment): readonly string[] {
  return Object.keys(environment)
    .filter((variable) => environment[variable] !== '')
    .flatMap((variable) => {
      const reserved = RESERVED.find(({ form }) => form.test(variable))
      return reserved === undefined
        ? []
        : [`${variable} has no effect yet: storage mode ${reserved.mode} comes in a later version`]
    })
}
