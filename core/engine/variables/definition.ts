/**
 * What a system variable is (MySQL manual 7.1.8 "Server System Variables"): its type, scope, default and the values it takes.
 */
import { decimalToDouble } from '../../common/decimal.js'
import { sqlError } from '../../common/sql-error.js'
import {
  BIGINT_TYPE,
  DOUBLE_TYPE,
  UNSIGNED_BIGINT_TYPE,
  textType,
  type SqlType,
} from '../../common/sql-type.js'
import type { Value } from '../../common/value.js'

export type VariableScopes = 'global' | 'session' | 'both'

export interface VariableDefinition {
  readonly name: string
  readonly type: SqlType
  readonly scopes: VariableScopes
  /** ER_INCORRECT_GLOBAL_LOCAL_VAR on SET. */
  readonly readOnly: boolean
  /** Sessions have a value that they took over and can't set: ER_VARIABLE_IS_READONLY. */
  readonly isGivenToSessions: boolean
  /** NULL as default means NULL. */
  readonly default: Value
  /** How a value assigned by SET becomes the value kept; throws ER_WRONG_VALUE_FOR_VAR and ER_WRONG_TYPE_FOR_VAR. */
  readonly accept: (value: Value, type: SqlType) => Value
  /** How SHOW VARIABLES and string contexts print it. */
  readonly show: (value: Value) => string
}

/** A value that SET may assign, checked. */
export interface AcceptedValue {
  readonly variable: VariableDefinition
  readonly value: Value
  /** It was moved to a limit of the variable. */
  readonly isAdjusted: boolean
}

/** What `variable` makes of a value; undefined is DEFAULT. Throws as `accept` does. */
export function acceptValue(
  variable: VariableDefinition,
  value: Value | undefined,
  type: SqlType,
  defaultValue: Value,
): AcceptedValue {
  if (value === undefined) return { variable, value: defaultValue, isAdjusted: false }
  // Strings of a client whose character set is binary come as bytes.
  const given = value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value
  const kept = variable.accept(given, type)
  return { variable, value: kept, isAdjusted: variable.type === UNSIGNED_BIGINT_TYPE && kept !== given }
}

export interface VariableOptions {
  readonly scopes?: VariableScopes
  readonly readOnly?: boolean
  readonly isGivenToSessions?: boolean
}

const TEXT: SqlType = textType(1024, 'utf8mb4_0900_ai_ci')

const showText = (value: Value): string => (value === null ? '' : String(value))

function wrongValue(name: string, value: Value): Error {
  return sqlError('ER_WRONG_VALUE_FOR_VAR', name, value === null ? 'NULL' : String(value))
}

/** ON or OFF; SELECT shows 1 or 0. */
export function switchVariable(name: string, on: boolean, options: VariableOptions = {}): VariableDefinition {
  return {
    ...base(name, options),
    type: { ...BIGINT_TYPE, length: 1 },
    default: on ? 1 : 0,
    accept: (value) => {
      const text = String(value).toUpperCase()
      if (text === 'ON' || text === 'TRUE' || value === 1 || text === '1') return 1
      if (text === 'OFF' || text === 'FALSE' || value === 0 || text === '0') return 0
      throw wrongValue(name, value)
    },
    show: (value) => (value === 1 ? 'ON' : 'OFF'),
  }
}

/** A whole number within limits; values outside are moved to the nearest limit. */
export function integerVariable(
  name: string,
  defaultValue: number | bigint,
  options: VariableOptions & { readonly min?: number; readonly max?: number | bigint } = {},
): VariableDefinition {
  const min = options.min ?? 0
  const max = options.max ?? 18446744073709551615n
  return {
    ...base(name, options),
    type: UNSIGNED_BIGINT_TYPE,
    default: defaultValue,
    accept: (value, { name: typeName }) => {
      if (typeof value !== 'number' && typeof value !== 'bigint')
        throw sqlError('ER_WRONG_TYPE_FOR_VAR', name)
      const isWhole = typeName !== 'decimal' && (typeof value === 'bigint' || Number.isInteger(value))
      if (!isWhole) throw sqlError('ER_WRONG_TYPE_FOR_VAR', name)
      if (value < min) return min
      return value > max ? max : value
    },
    show: showText,
  }
}

export function doubleVariable(
  name: string,
  defaultValue: number,
  options: VariableOptions = {},
): VariableDefinition {
  return {
    ...base(name, options),
    type: DOUBLE_TYPE,
    default: defaultValue,
    accept: (value, type) => {
      if (typeof value !== 'number' && typeof value !== 'bigint')
        throw sqlError('ER_WRONG_TYPE_FOR_VAR', name)
      return type.name === 'decimal' ? decimalToDouble(value, type.scale) : Number(value)
    },
    show: (value) => Number(value ?? 0).toFixed(6),
  }
}

export function textVariable(
  name: string,
  defaultValue: string | null,
  options: VariableOptions & {
    /** Answers what is kept; undefined refuses the value. Then NULL is refused too, unless it is said to be allowed. */
    readonly check?: (text: string) => string | undefined
    readonly nullable?: boolean
  } = {},
): VariableDefinition {
  return {
    ...base(name, options),
    type: TEXT,
    default: defaultValue,
    accept: (value) => {
      if (value === null) {
        if (options.check !== undefined && options.nullable !== true) throw wrongValue(name, value)
        return null
      }
      if (typeof value !== 'string') throw sqlError('ER_WRONG_TYPE_FOR_VAR', name)
      const kept = options.check === undefined ? value : options.check(value)
      if (kept === undefined) throw wrongValue(name, value)
      return kept
    },
    show: showText,
  }
}

/** One of some words; numbers mean positions. */
export function choiceVariable(
  name: string,
  choices: readonly string[],
  defaultValue: string,
  options: VariableOptions = {},
): VariableDefinition {
  return {
    ...base(name, options),
    type: TEXT,
    default: defaultValue,
    accept: (value) => {
      const found =
        typeof value === 'number'
          ? choices[value]
          : choices.find((choice) => choice.toUpperCase() === String(value).toUpperCase())
      if (found === undefined) throw wrongValue(name, value)
      return found
    },
    show: showText,
  }
}

/** A variable whose other values would mean something that isn't built: they are ER_NOT_SUPPORTED_YET instead of being ignored. */
export function onlyDefault(variable: VariableDefinition): VariableDefinition {
  return {
    ...variable,
    accept: (value, type) => {
      const kept = variable.accept(value, type)
      if (kept === variable.default) return kept
      throw sqlError('ER_NOT_SUPPORTED_YET', `${variable.name} = ${variable.show(kept)}`)
    },
  }
}

function base(name: string, options: VariableOptions) {
  const { scopes = 'both', readOnly = false, isGivenToSessions = false } = options
  return { name, scopes, readOnly, isGivenToSessions }
}
