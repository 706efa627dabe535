/**
 * Goal: operands agree on the collation that MySQL chooses, or fail with its words.
 * Method: cases of the manual's section 12.8.4 and of MySQL's rules between character sets.
 */
import { aggregateCollations, Coercibility, type CollationOperand } from './collation-coercion.js'
import { requireCollation } from './collations.js'

function column(collation: string): CollationOperand {
  return { collation: requireCollation(collation), coercibility: Coercibility.implicit, isAscii: false }
}

function literal(collation: string, constant: string): CollationOperand {
  const isAscii = /^[\0-\x7f]*$/.test(constant)
  return { collation: requireCollation(collation), coercibility: Coercibility.coercible, isAscii, constant }
}

function explicit(collation: string): CollationOperand {
  return { ...column(collation), coercibility: Coercibility.explicit }
}

const NUMBER: CollationOperand = {
  collation: requireCollation('latin1_swedish_ci'),
  coercibility: Coercibility.numeric,
  isAscii: true,
}
const NULL_OPERAND: CollationOperand = {
  collation: requireCollation('binary'),
  coercibility: Coercibility.ignorable,
  isAscii: true,
}

function compared(...operands: CollationOperand[]): string {
  return aggregateCollations(operands, { operation: '=', compares: true }).collation.name
}

function joined(...operands: CollationOperand[]): [string, number] {
  const agreed = aggregateCollations(operands, { operation: 'concat', compares: false })
  return [agreed.collation.name, agreed.coercibility]
}

describe('aggregateCollations', () => {
  test('the lowest coercibility wins', () => {
    expect(compared(column('utf8mb4_general_ci'), literal('utf8mb4_0900_ai_ci', 'é'))).toBe(
      'utf8mb4_general_ci',
    )
    expect(compared(literal('utf8mb4_0900_ai_ci', 'é'), column('utf8mb4_general_ci'))).toBe(
      'utf8mb4_general_ci',
    )
    expect(compared(explicit('utf8mb4_bin'), column('utf8mb4_general_ci'))).toBe('utf8mb4_bin')
    expect(compared(column('utf8mb4_general_ci'), NULL_OPERAND)).toBe('utf8mb4_general_ci')
    expect(compared(NULL_OPERAND, literal('utf8mb4_0900_ai_ci', 'é'))).toBe('utf8mb4_0900_ai_ci')
  })

  test('a _bin collation wins over another of its character set', () => {
    expect(compared(column('utf8mb4_bin'), column('utf8mb4_general_ci'))).toBe('utf8mb4_bin')
    expect(compared(column('latin1_swedish_ci'), column('latin1_bin'))).toBe('latin1_bin')
    expect(() => compared(column('utf8mb4_bin'), column('utf8mb4_0900_bin'))).toThrow(
      'Illegal mix of collations (utf8mb4_bin,IMPLICIT) and (utf8mb4_0900_bin,IMPLICIT)',
    )
  })

  test('two columns of one character set with different collations', () => {
    const operands = [column('latin1_swedish_ci'), column('latin1_general_ci')] as const
    expect(() => compared(...operands)).toThrow(
      expect.objectContaining({
        number: 1267,
        sqlState: 'HY000',
        message:
          "Illegal mix of collations (latin1_swedish_ci,IMPLICIT) and (latin1_general_ci,IMPLICIT) for operation '='",
      }),
    )
    // Joining them is allowed; comparing the result isn't, save with a collation that is named.
    expect(joined(...operands)).toEqual(['latin1_bin', Coercibility.none])
    const none = { ...column('latin1_bin'), coercibility: Coercibility.none }
    expect(() => compared(none, none)).toThrow(expect.objectContaining({ number: 1267 }))
    expect(compared(none, explicit('latin1_general_ci'))).toBe('latin1_general_ci')
  })

  test('two COLLATE clauses', () => {
    expect(() => joined(explicit('utf8mb4_bin'), explicit('utf8mb4_general_ci'))).toThrow(
      "Illegal mix of collations (utf8mb4_bin,EXPLICIT) and (utf8mb4_general_ci,EXPLICIT) for operation 'concat'",
    )
    expect(joined(explicit('utf8mb4_bin'), explicit('utf8mb4_bin'))).toEqual(['utf8mb4_bin', 0])
  })

  test('three and more operands have messages of their own', () => {
    const three = [
      column('latin1_swedish_ci'),
      column('latin1_general_ci'),
      literal('latin1_swedish_ci', 'é'),
    ]
    expect(() => compared(...three)).toThrow(
      expect.objectContaining({
        number: 1270,
        message:
          'Illegal mix of collations (latin1_swedish_ci,IMPLICIT), (latin1_general_ci,IMPLICIT), ' +
          "(latin1_swedish_ci,COERCIBLE) for operation '='",
      }),
    )
    expect(() => compared(...three, column('latin1_swedish_ci'))).toThrow(
      expect.objectContaining({ number: 1271, message: "Illegal mix of collations for operation '='" }),
    )
  })

  test('Unicode wins over other character sets, and utf8mb4 over utf8mb3', () => {
    expect(compared(column('latin1_swedish_ci'), column('utf8mb4_general_ci'))).toBe('utf8mb4_general_ci')
    expect(compared(column('utf8mb3_general_ci'), column('utf8mb4_0900_ai_ci'))).toBe('utf8mb4_0900_ai_ci')
    expect(compared(column('utf8mb4_0900_ai_ci'), column('utf8mb3_bin'))).toBe('utf8mb4_0900_ai_ci')
    expect(compared(column('utf16_general_ci'), column('ucs2_general_ci'))).toBe('utf16_general_ci')
    expect(() => compared(column('utf16_general_ci'), column('utf8mb4_bin'))).toThrow(
      expect.objectContaining({ number: 1267 }),
    )
  })

  test('a literal converts to a column if it has only characters of its set', () => {
    expect(compared(column('latin1_swedish_ci'), literal('utf8mb4_0900_ai_ci', 'abc'))).toBe(
      'latin1_swedish_ci',
    )
    expect(compared(column('latin1_swedish_ci'), literal('utf8mb4_0900_ai_ci', 'é€'))).toBe(
      'latin1_swedish_ci',
    )
    expect(() => compared(column('latin1_swedish_ci'), literal('utf8mb4_0900_ai_ci', 'ж'))).toThrow(
      'Illegal mix of collations (latin1_swedish_ci,IMPLICIT) and (utf8mb4_0900_ai_ci,COERCIBLE) ' +
        "for operation '='",
    )
    expect(() => compared(column('utf8mb3_general_ci'), literal('utf8mb4_0900_ai_ci', '😀'))).toThrow(
      expect.objectContaining({ number: 1267 }),
    )
  })

  test('what is not constant converts to Unicode only', () => {
    const computed = { ...literal('utf8mb4_0900_ai_ci', 'é'), constant: undefined }
    const { constant: _constant, ...unknown } = computed
    expect(() => compared(column('latin1_swedish_ci'), unknown)).toThrow(
      expect.objectContaining({ number: 1267 }),
    )
    expect(compared(column('latin1_swedish_ci'), { ...unknown, isAscii: true })).toBe('latin1_swedish_ci')
  })

  test('binary strings win over text of the same coercibility', () => {
    expect(compared(column('binary'), column('utf8mb4_bin'))).toBe('binary')
    expect(compared(column('utf8mb4_bin'), column('binary'))).toBe('binary')
    expect(compared(column('utf8mb4_bin'), literal('binary', 'a'))).toBe('utf8mb4_bin')
  })

  test('COLLATE decides between character sets that do not go together', () => {
    const sides = [explicit('latin1_swedish_ci'), column('utf8mb4_bin')] as const
    expect(() => compared(...sides)).toThrow(expect.objectContaining({ number: 1267 }))
    expect(compared(column('utf16_bin'), column('utf8mb4_bin'), explicit('utf8mb4_general_ci'))).toBe(
      'utf8mb4_general_ci',
    )
  })

  test('numbers alone take the collation of the connection', () => {
    const connectionCollation = requireCollation('utf8mb4_0900_ai_ci')
    expect(
      aggregateCollations([NUMBER, NUMBER], { operation: 'concat', compares: false, connectionCollation }),
    ).toEqual({ collation: connectionCollation, coercibility: Coercibility.coercible, isAscii: true })
    expect(joined(NUMBER, literal('utf8mb4_0900_ai_ci', 'é'))).toEqual(['utf8mb4_0900_ai_ci', 4])
  })
})
