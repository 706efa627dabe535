/** Binds what changes a value's type, character set or collation: CAST, CONVERT … USING, COLLATE (MySQL manual 14.10). */
import { byteLengthMax } from '../common/byte-length.js'
import { sqlError } from '../common/sql-error.js'
import { binaryType, isNumeric, isString, isText, textType, type SqlType } from '../common/sql-type.js'
import { textLengthMax } from '../common/value-text.js'
import type { Expression } from '../plan/expression.js'
import type { Binding } from './binding.js'
import { convertTo } from './calls.js'
import { castTypeText } from './cast-types.js'
import { numericForm } from './literals.js'

/** The type itself, or, for a string type without a length, as long as values of `from` are at most. */
export function fitted(type: SqlType, from: SqlType): SqlType {
  if (type.length !== 0 || !isString(type)) return type
  return { ...type, length: isText(type) ? textLengthMax(from) : byteLengthMax(from) }
}

export function bindCast(binding: Binding, operand: Expression, type: SqlType, array: boolean): Expression {
  if (array) throw sqlError('ER_NOT_SUPPORTED_YET', 'CAST(… AS … ARRAY)')
  const target = fitted(type, operand.type)
  return {
    kind: 'convert',
    operand: isNumeric(type) ? numericForm(operand) : operand,
    type: target,
    nullable: true,
    coercibility: isString(target) ? 2 : 5,
    text: `cast(${operand.text} as ${castTypeText(type)})`,
  }
}

export function bindConvertUsing(binding: Binding, operand: Expression, charset: string): Expression {
  const collation = binding.environment.defaultCollation(charset)
  const { type } = operand
  return {
    kind: 'convert',
    operand,
    type: charset === 'binary' ? fitted(binaryType(0), type) : textType(textLengthMax(type), collation),
    nullable: true,
    coercibility: 2,
    text: `convert(${operand.text} using ${charset})`,
  }
}

export function bindCollate(binding: Binding, operand: Expression, collation: string): Expression {
  const charset = binding.environment.charsetOf(collation)
  const text = isText(operand.type)
    ? operand
    : convertTo(operand, textType(textLengthMax(operand.type), binding.environment.connectionCollation))
  const own = binding.environment.charsetOf(text.type.collation)
  if (own !== charset) throw sqlError('ER_COLLATION_CHARSET_MISMATCH', collation, own)
  return {
    ...text,
    type: { ...text.type, collation },
    coercibility: 0,
    text: `(${operand.text} collate ${collation})`,
  }
}
