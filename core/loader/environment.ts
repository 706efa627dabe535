/**
 * Environment variables: those of the schema as a layer of the configuration, DEBUG and VERBOSE.
 */
import { parseSwitch } from './config-formats.js'
import { schemaLeaves } from './config-schema.js'

export type Environment = Readonly<Record<string, string | undefined>>

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
