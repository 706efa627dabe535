import type { AccountName } from './account.js'
import type { ColumnDataType } from './data-type.js'
import type { Expression, NumberLiteral, StringLiteral } from './expression.js'
import type { QualifiedName, SyntaxNode } from './node.js'
import type { QueryExpression } from './query.js'

/** Data definition (manual, 15.1), without stored programs (program.ts) and accounts (account.ts). */
export type DefinitionStatement =
  | CreateDatabase
  | AlterDatabase
  | DropDatabase
  | CreateTable
  | AlterTable
  | DropTable
  | RenameTable
  | TruncateTable
  | CreateIndex
  | DropIndex
  | CreateView
  | DropView
  | CreateServer
  | AlterServer
  | DropServer
  | CreateTablespace
  | AlterTablespace
  | DropTablespace
  | AlterInstance
  | ImportTable
  | CreateSpatialReferenceSystem
  | DropSpatialReferenceSystem
  | CreateResourceGroup
  | AlterResourceGroup
  | DropResourceGroup

// ---- Databases ------------------------------------------------------------------------------------------------

export interface DatabaseOptions {
  readonly charset?: string
  readonly collation?: string
  readonly encryption?: string
  /** ALTER DATABASE … READ ONLY: 0, 1 or DEFAULT. */
  readonly readOnly?: boolean | 'default'
}

export interface CreateDatabase extends SyntaxNode {
  readonly kind: 'createDatabase'
  readonly name: string
  readonly ifNotExists: boolean
  readonly options: DatabaseOptions
  /** Our extension `FROM SERVER s [DATABASE 'x'] [READ ONLY]`: a virtual database on a remote server. */
  readonly remote: RemoteDatabase | undefined
}

export interface RemoteDatabase extends SyntaxNode {
  readonly server: string
  /** Name over there; undefined means the same name. */
  readonly database: string | undefined
  readonly readOnly: boolean
}

export interface AlterDatabase extends SyntaxNode {
  readonly kind: 'alterDatabase'
  /** Undefined means the default database. */
  readonly name: string | undefined
  readonly options: DatabaseOptions
}

export interface DropDatabase extends SyntaxNode {
  readonly kind: 'dropDatabase'
  readonly name: string
  readonly ifExists: boolean
}

// ---- Tables ---------------------------------------------------------------------------------------------------

export interface CreateTable extends SyntaxNode {
  readonly kind: 'createTable'
  readonly name: QualifiedName
  readonly temporary: boolean
  readonly ifNotExists: boolean
  /** CREATE TABLE … LIKE: nothing else is given then. */
  readonly like: QualifiedName | undefined
  readonly elements: readonly TableElement[]
  readonly options: TableOptions
  readonly partitioning: Partitioning | undefined
  /** CREATE TABLE … SELECT. */
  readonly query: QueryExpression | undefined
  readonly duplicates: 'ignore' | 'replace' | undefined
}

export type TableElement = ColumnDefinition | IndexDefinition | ForeignKeyDefinition | CheckDefinition

export interface ColumnDefinition extends SyntaxNode {
  readonly kind: 'column'
  readonly name: string
  readonly type: ColumnDataType
  /** True for NULL, false for NOT NULL, undefined where neither is written. */
  readonly nullable: boolean | undefined
  readonly default: ColumnDefaultClause | undefined
  /** ON UPDATE CURRENT_TIMESTAMP[(digits)]. */
  readonly onUpdateNow: NowFunction | undefined
  readonly autoIncrement: boolean
  /** PRIMARY KEY, UNIQUE [KEY] on the column itself. */
  readonly key: 'primary' | 'unique' | undefined
  readonly generated: GeneratedColumn | undefined
  readonly checks: readonly CheckDefinition[]
  /** REFERENCES on a column, which MySQL parses and ignores. */
  readonly references: ForeignKeyReference | undefined
  readonly comment: string | undefined
  readonly visible: boolean | undefined
  readonly columnFormat: 'fixed' | 'dynamic' | 'default' | undefined
  readonly storage: 'disk' | 'memory' | 'default' | undefined
  readonly engineAttribute: string | undefined
  readonly secondaryEngineAttribute: string | undefined
  readonly srid: number | undefined
  /** NOT SECONDARY. */
  readonly notSecondary: boolean
}

export interface NowFunction extends SyntaxNode {
  readonly fractionDigits: number
}

export interface ColumnDefaultClause extends SyntaxNode {
  /** A literal (signed numbers as a unary over a literal) or NOW(), or any expression if `parenthesised`. */
  readonly value: Expression
  readonly parenthesised: boolean
}

export interface GeneratedColumn extends SyntaxNode {
  readonly expression: Expression
  readonly stored: boolean
}

export type IndexKind = 'primary' | 'unique' | 'index' | 'fulltext' | 'spatial'

export interface IndexDefinition extends SyntaxNode {
  readonly kind: 'index'
  readonly indexKind: IndexKind
  /** The index's own name, or else the CONSTRAINT symbol in front; PRIMARY for primary keys is not filled in. */
  readonly name: string | undefined
  readonly parts: readonly IndexPart[]
  readonly options: IndexOptions
}

export interface IndexPart extends SyntaxNode {
  /** Either a column or an expression is given. */
  readonly column: string | undefined
  readonly expression: Expression | undefined
  /** Prefix length: characters or bytes. */
  readonly length: number | undefined
  readonly descending: boolean
}

export interface IndexOptions {
  readonly using?: 'btree' | 'hash' | 'rtree'
  readonly comment?: string
  readonly visible?: boolean
  readonly keyBlockSize?: number
  readonly parser?: string
  readonly engineAttribute?: string
  readonly secondaryEngineAttribute?: string
}

export interface ForeignKeyDefinition extends SyntaxNode {
  readonly kind: 'foreignKey'
  /** CONSTRAINT symbol. */
  readonly name: string | undefined
  readonly indexName: string | undefined
  readonly columns: readonly string[]
  readonly references: ForeignKeyReference
}

export type ReferenceAction = 'restrict' | 'cascade' | 'setNull' | 'noAction' | 'setDefault'

export interface ForeignKeyReference extends SyntaxNode {
  readonly table: QualifiedName
  readonly columns: readonly string[]
  readonly match: 'full' | 'partial' | 'simple' | undefined
  readonly onDelete: ReferenceAction | undefined
  readonly onUpdate: ReferenceAction | undefined
}

export interface CheckDefinition extends SyntaxNode {
  readonly kind: 'check'
  readonly name: string | undefined
  readonly expression: Expression
  readonly enforced: boolean
}

/** Options of CREATE TABLE and ALTER TABLE (manual, 15.1.20); `null` is a written NULL. The last one wins. */
export interface TableOptions {
  readonly autoextendSize?: number
  /** Digits, since the value may need 64 bits. */
  readonly autoIncrement?: string
  readonly averageRowLength?: number
  readonly charset?: string
  readonly checksum?: boolean
  readonly collation?: string
  readonly comment?: string
  readonly compression?: string
  readonly connection?: string
  readonly dataDirectory?: string
  readonly delayKeyWrite?: boolean
  readonly encryption?: string
  readonly engine?: string
  readonly engineAttribute?: string
  readonly indexDirectory?: string
  readonly insertMethod?: 'no' | 'first' | 'last'
  readonly keyBlockSize?: number
  readonly maxRows?: number
  readonly minRows?: number
  readonly packKeys?: boolean | 'default'
  readonly password?: string
  readonly rowFormat?: string
  readonly secondaryEngine?: string | null
  readonly secondaryEngineAttribute?: string
  readonly startTransaction?: boolean
  readonly statsAutoRecalc?: boolean | 'default'
  readonly statsPersistent?: boolean | 'default'
  readonly statsSamplePages?: number | 'default'
  readonly storage?: 'disk' | 'memory'
  readonly tablespace?: string
  readonly union?: readonly QualifiedName[]
}

export interface Partitioning extends SyntaxNode {
  readonly by: PartitionFunction
  readonly partitionCount: number | undefined
  readonly subpartition: PartitionFunction | undefined
  readonly subpartitionCount: number | undefined
  readonly partitions: readonly PartitionDefinition[]
}

export interface PartitionFunction extends SyntaxNode {
  readonly method: 'hash' | 'key' | 'range' | 'list'
  readonly linear: boolean
  /** KEY ALGORITHM = 1 or 2. */
  readonly algorithm: number | undefined
  /** HASH, and RANGE and LIST without COLUMNS. */
  readonly expression: Expression | undefined
  /** KEY, RANGE COLUMNS and LIST COLUMNS. */
  readonly columns: readonly string[] | undefined
}

export interface PartitionDefinition extends SyntaxNode {
  readonly name: string
  readonly values:
    | { readonly kind: 'lessThan'; readonly values: readonly (Expression | 'maxvalue')[] }
    | { readonly kind: 'in'; readonly rows: readonly (readonly Expression[])[] }
    | undefined
  readonly options: TableOptions
  readonly subpartitions: readonly {
    readonly name: string
    readonly options: TableOptions
  }[]
}

// ---- ALTER TABLE ----------------------------------------------------------------------------------------------

export interface AlterTable extends SyntaxNode {
  readonly kind: 'alterTable'
  readonly name: QualifiedName
  readonly actions: readonly AlterAction[]
  readonly algorithm: AlterAlgorithm | undefined
  readonly lock: AlterLock | undefined
  /** WITH VALIDATION is true, WITHOUT VALIDATION false. */
  readonly validation: boolean | undefined
}

export type AlterAlgorithm = 'default' | 'instant' | 'inplace' | 'copy'
export type AlterLock = 'default' | 'none' | 'shared' | 'exclusive'

export type ColumnPosition = { readonly kind: 'first' } | { readonly kind: 'after'; readonly column: string }

export type AlterAction =
  | {
      readonly kind: 'addColumn'
      readonly column: ColumnDefinition
      readonly position: ColumnPosition | undefined
    }
  | { readonly kind: 'addIndex'; readonly index: IndexDefinition }
  | { readonly kind: 'addForeignKey'; readonly foreignKey: ForeignKeyDefinition }
  | { readonly kind: 'addCheck'; readonly check: CheckDefinition }
  | {
      /** CHANGE and MODIFY; for MODIFY both names are the same. */
      readonly kind: 'changeColumn'
      readonly name: string
      readonly column: ColumnDefinition
      readonly position: ColumnPosition | undefined
    }
  | {
      /** ALTER COLUMN … SET DEFAULT; undefined is DROP DEFAULT. */
      readonly kind: 'setDefault'
      readonly column: string
      readonly default: ColumnDefaultClause | undefined
    }
  | { readonly kind: 'setColumnVisibility'; readonly column: string; readonly visible: boolean }
  | { readonly kind: 'setIndexVisibility'; readonly index: string; readonly visible: boolean }
  | {
      readonly kind: 'setEnforced'
      /** `check` for ALTER CHECK, `constraint` for ALTER CONSTRAINT. */
      readonly constraintKind: 'check' | 'constraint'
      readonly name: string
      readonly enforced: boolean
    }
  | { readonly kind: 'dropColumn'; readonly name: string }
  | { readonly kind: 'dropIndex'; readonly name: string }
  | { readonly kind: 'dropPrimaryKey' }
  | { readonly kind: 'dropForeignKey'; readonly name: string }
  | { readonly kind: 'dropCheck'; readonly name: string }
  | { readonly kind: 'dropConstraint'; readonly name: string }
  | { readonly kind: 'renameColumn'; readonly from: string; readonly to: string }
  | { readonly kind: 'renameIndex'; readonly from: string; readonly to: string }
  | { readonly kind: 'renameTable'; readonly to: QualifiedName }
  | { readonly kind: 'setOptions'; readonly options: TableOptions }
  | {
      readonly kind: 'convertCharset'
      /** Undefined is CONVERT TO CHARACTER SET DEFAULT. */
      readonly charset: string | undefined
      readonly collation: string | undefined
    }
  | { readonly kind: 'orderBy'; readonly columns: readonly { name: string; descending: boolean }[] }
  | { readonly kind: 'disableKeys' }
  | { readonly kind: 'enableKeys' }
  | { readonly kind: 'force' }
  | { readonly kind: 'secondaryLoad'; readonly partitions: readonly string[] }
  | { readonly kind: 'secondaryUnload'; readonly partitions: readonly string[] }
  | { readonly kind: 'importTablespace' }
  | { readonly kind: 'discardTablespace' }
  | { readonly kind: 'setPartitioning'; readonly partitioning: Partitioning }
  | { readonly kind: 'removePartitioning' }
  | {
      readonly kind: 'addPartitions'
      readonly partitions: readonly PartitionDefinition[]
      readonly count: number
    }
  | { readonly kind: 'coalescePartitions'; readonly count: number }
  | {
      readonly kind: 'reorganizePartitions'
      readonly names: readonly string[]
      readonly into: readonly PartitionDefinition[]
    }
  | {
      readonly kind: 'exchangePartition'
      readonly partition: string
      readonly table: QualifiedName
      readonly validation: boolean | undefined
    }
  | {
      readonly kind: 'managePartitions'
      readonly operation:
        | 'drop'
        | 'truncate'
        | 'analyze'
        | 'check'
        | 'optimize'
        | 'rebuild'
        | 'repair'
        | 'importTablespace'
        | 'discardTablespace'
      /** Undefined is ALL. */
      readonly names: readonly string[] | undefined
    }

// ---- The rest of tables, indexes, views -----------------------------------------------------------------------

export interface DropTable extends SyntaxNode {
  readonly kind: 'dropTable'
  readonly tables: readonly QualifiedName[]
  readonly temporary: boolean
  readonly ifExists: boolean
}

export interface RenameTable extends SyntaxNode {
  readonly kind: 'renameTable'
  readonly renames: readonly { readonly from: QualifiedName; readonly to: QualifiedName }[]
}

export interface TruncateTable extends SyntaxNode {
  readonly kind: 'truncateTable'
  readonly table: QualifiedName
}

export interface CreateIndex extends SyntaxNode {
  readonly kind: 'createIndex'
  readonly table: QualifiedName
  readonly index: IndexDefinition
  readonly algorithm: AlterAlgorithm | undefined
  readonly lock: AlterLock | undefined
}

export interface DropIndex extends SyntaxNode {
  readonly kind: 'dropIndex'
  readonly table: QualifiedName
  readonly name: string
  readonly algorithm: AlterAlgorithm | undefined
  readonly lock: AlterLock | undefined
}

/** CREATE [OR REPLACE] VIEW and ALTER VIEW. */
export interface CreateView extends SyntaxNode {
  readonly kind: 'createView'
  readonly alter: boolean
  readonly orReplace: boolean
  readonly algorithm: 'undefined' | 'merge' | 'temptable' | undefined
  readonly definer: AccountName | undefined
  readonly security: 'definer' | 'invoker' | undefined
  readonly name: QualifiedName
  readonly columns: readonly string[]
  readonly query: QueryExpression
  /** Source text of the query, decoded. */
  readonly queryText: string
  readonly checkOption: 'cascaded' | 'local' | undefined
}

export interface DropView extends SyntaxNode {
  readonly kind: 'dropView'
  readonly views: readonly QualifiedName[]
  readonly ifExists: boolean
}

// ---- Servers and other objects --------------------------------------------------------------------------------

export interface ServerOptions {
  readonly user?: string
  readonly host?: string
  readonly database?: string
  readonly owner?: string
  readonly password?: string
  readonly socket?: string
  readonly port?: number
}

export interface CreateServer extends SyntaxNode {
  readonly kind: 'createServer'
  readonly name: string
  readonly wrapper: string
  readonly options: ServerOptions
}

export interface AlterServer extends SyntaxNode {
  readonly kind: 'alterServer'
  readonly name: string
  readonly options: ServerOptions
}

export interface DropServer extends SyntaxNode {
  readonly kind: 'dropServer'
  readonly name: string
  readonly ifExists: boolean
}

/** An option that is only carried along, `name` in lower case with single spaces. */
export interface NamedOption {
  readonly name: string
  readonly value: string | undefined
}

export interface CreateTablespace extends SyntaxNode {
  readonly kind: 'createTablespace'
  readonly name: string
  readonly undo: boolean
  readonly logfileGroup: boolean
  readonly options: readonly NamedOption[]
}

export interface AlterTablespace extends SyntaxNode {
  readonly kind: 'alterTablespace'
  readonly name: string
  readonly undo: boolean
  readonly logfileGroup: boolean
  readonly options: readonly NamedOption[]
}

export interface DropTablespace extends SyntaxNode {
  readonly kind: 'dropTablespace'
  readonly name: string
  readonly undo: boolean
  readonly logfileGroup: boolean
  readonly options: readonly NamedOption[]
}

export interface AlterInstance extends SyntaxNode {
  readonly kind: 'alterInstance'
  /** Lower case with single spaces, e.g. `rotate innodb master key`, `reload tls`. */
  readonly action: string
}

/** IMPORT TABLE FROM files. */
export interface ImportTable extends SyntaxNode {
  readonly kind: 'importTable'
  readonly files: readonly string[]
}

export interface CreateSpatialReferenceSystem extends SyntaxNode {
  readonly kind: 'createSpatialReferenceSystem'
  readonly orReplace: boolean
  readonly ifNotExists: boolean
  readonly srid: NumberLiteral
  readonly attributes: readonly { readonly name: string; readonly value: StringLiteral }[]
}

export interface DropSpatialReferenceSystem extends SyntaxNode {
  readonly kind: 'dropSpatialReferenceSystem'
  readonly ifExists: boolean
  readonly srid: NumberLiteral
}

export interface CreateResourceGroup extends SyntaxNode {
  readonly kind: 'createResourceGroup'
  readonly name: string
  readonly type: 'system' | 'user'
  readonly options: readonly NamedOption[]
}

export interface AlterResourceGroup extends SyntaxNode {
  readonly kind: 'alterResourceGroup'
  readonly name: string
  readonly options: readonly NamedOption[]
}

export interface DropResourceGroup extends SyntaxNode {
  readonly kind: 'dropResourceGroup'
  readonly name: string
  readonly force: boolean
}
