/**
 * Functions that answer about the session, the server and the strings they are given (MySQL manual 14.15 "Information
 * Functions").
 */
import { requireCollation } from '../common/collations.js'
import { Coercibility } from '../common/collation-coercion.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import {
  binaryType,
  isNumeric,
  isTemporal,
  isText,
  NULL_TYPE,
  UNSIGNED_BIGINT_TYPE,
  type SqlType,
} from '../common/sql-type.js'
import { exact, type ExactValue, type Value } from '../common/value.js'
import type { ArgumentInfo, ScalarFunction } from '../spi/functions.js'
import { integerType, systemText, unsignedIntegerType } from './result-types.js'
import { evaluator1, scalarFunction, synonyms, type Call } from './support.js'

/** 'user@host': 32 characters, an at sign and 255 characters. */
const ACCOUNT_LENGTH = 288
const IDENTIFIER_LENGTH = 64
/** Several roles. */
const ROLES_LENGTH = 16_383

/** A function without arguments that reads the session. */
function ofSession(
  names: readonly string[],
  type: SqlType,
  read: (context: EvaluationContext) => Value,
  nullable = false,
): ScalarFunction[] {
  return synonyms(names, {
    parameters: [],
    type,
    nullable,
    coercibility: Coercibility.systemConstant,
    volatility: 'statement',
    compile: () => (_batch, _row, context) => read(context),
  })
}

/** LAST_INSERT_ID(n) also makes `n` what LAST_INSERT_ID() answers from now on. */
function compileLastInsertId([id]: readonly Evaluator[]): Evaluator {
  if (id === undefined) return (_batch, _row, context) => context.session.lastInsertId
  return (batch, row, context) => {
    const value = id(batch, row, context) as ExactValue | null
    const unsigned = exact(BigInt.asUintN(64, BigInt(value ?? 0)))
    context.session.lastInsertId = unsigned
    return value === null ? null : unsigned
  }
}

// ---- strings --------------------------------------------------------------------------------------------------

/** The collation of an argument as a string. */
function collationOfArgument({ args }: Call): string {
  const type = args[0]?.type ?? NULL_TYPE
  if (type.name === 'json') return 'utf8mb4_bin'
  return isText(type) || type.name === 'enum' || type.name === 'set' ? type.collation : 'binary'
}

function ofArgument(name: string, type: SqlType, answer: (call: Call) => Value): ScalarFunction {
  return scalarFunction(name, {
    parameters: ['any'],
    type,
    nullable: false,
    coercibility: Coercibility.systemConstant,
    compile: (_args, call) => {
      const value = answer(call)
      return () => value
    },
  })
}

const ANY_VALUE: ScalarFunction = {
  name: 'any_value',
  argumentsMin: 1,
  argumentsMax: 1,
  volatility: 'immutable',
  bind: ([argument]) => ({
    type: argument?.type ?? NULL_TYPE,
    nullable: argument?.nullable ?? true,
    ...(argument === undefined ? {} : { coercibility: argument.coercibility }),
    parameterTypes: [undefined],
    compile: ([value]) => value as Evaluator,
  }),
}

/** Numbers, dates and times have one of their own, whatever they are computed from. */
function coercibilityOf(argument: ArgumentInfo | undefined): number {
  if (argument === undefined) return Coercibility.ignorable
  const isNumber = isNumeric(argument.type) || isTemporal(argument.type)
  return isNumber ? Coercibility.numeric : argument.coercibility
}

export const sessionInformationFunctions: readonly ScalarFunction[] = [
  ...ofSession(['database', 'schema'], systemText(34), ({ session }) => session.database, true),
  ...ofSession(
    ['user', 'session_user', 'system_user'],
    systemText(ACCOUNT_LENGTH),
    ({ session }) => session.user,
  ),
  ...ofSession(['current_user'], systemText(ACCOUNT_LENGTH), ({ session }) => session.currentUser),
  ...ofSession(['current_role'], systemText(ROLES_LENGTH), ({ session }) => session.currentRole),
  ...ofSession(['version'], systemText(60), ({ session }) => session.version),
  ...ofSession(['icu_version'], systemText(10), () => process.versions.icu ?? ''),
  ...ofSession(['connection_id'], unsignedIntegerType(21), ({ session }) => session.connectionId),
  ...ofSession(['row_count'], integerType(21), ({ session }) => session.rowCount),
  ...ofSession(['found_rows'], integerType(21), ({ session }) => session.foundRows),
  scalarFunction('last_insert_id', {
    parameters: ['integer'],
    optional: 1,
    type: UNSIGNED_BIGINT_TYPE,
    volatility: 'statement',
    compile: compileLastInsertId,
  }),
  ofArgument(
    'charset',
    systemText(IDENTIFIER_LENGTH),
    (call) => requireCollation(collationOfArgument(call)).charset.name,
  ),
  ofArgument('collation', systemText(IDENTIFIER_LENGTH), collationOfArgument),
  ofArgument('coercibility', integerType(10), ({ args }) => coercibilityOf(args[0])),
  // As under --secure-file-priv=NULL: no file may be read.
  scalarFunction('load_file', {
    parameters: ['text'],
    type: binaryType(4294967295),
    nullable: true,
    compile: () => () => null,
  }),
  // Says to ONLY_FULL_GROUP_BY that any row's value will do; see the binder's grouping.
  ANY_VALUE,
  scalarFunction('name_const', {
    parameters: ['any', 'any'],
    type: ({ args }) => args[1]?.type ?? NULL_TYPE,
    nullable: ({ args }) => args[1]?.nullable ?? true,
    compile: ([, value]) => evaluator1(value as Evaluator, (constant: Value) => constant),
  }),
]
