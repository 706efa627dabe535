/**
 * What every node of the syntax tree shares. The tree is plain immutable data: discriminated unions on `kind`,
 * no methods. The grammar that builds it lives in `parser/`; binder, catalog and engine only read it.
 *
 * Names (identifiers, aliases, charset names, comments of DDL) are decoded JavaScript strings, spelled as the user
 * wrote them: compare them without case where MySQL does. Values of string literals stay byte strings, because
 * only the binder knows their character set. Fields that a statement left out are `undefined`, lists are empty.
 */
export interface SyntaxNode {
  /** Offset of the node's first byte in the statement text. */
  readonly start: number
  /** Offset just behind the node's last byte. */
  readonly end: number
}

/** A table, view or routine name, `database` undefined where the default database is meant. */
export interface QualifiedName extends SyntaxNode {
  readonly database: string | undefined
  readonly name: string
}
