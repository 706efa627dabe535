/**
 * The fields of catalog records, which are JSON objects: reading them back with their types checked, and values of SQL.
 * A field that a record doesn't have takes its default, so that records of earlier versions stay readable.
 */
import type { Value } from '../common/value.js'

/** Raised whenever a record changes so that older servers must not read it. */
export const CATALOG_FORMAT_VERSION = 1

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonRecord

/** Fields that are undefined are left out. */
export type JsonRecord = { readonly [Name in string]: JsonValue | undefined }

/** A value as JSON: strings, numbers and NULL as they are, the others tagged. */
export function encodeValue(value: Value): JsonValue {
  if (typeof value === 'bigint') return { integer: value.toString() }
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') }
  if (Object.is(value, -0)) return { integer: '-0' }
  return value
}

export function decodeValue(encoded: JsonValue): Value {
  if (encoded === null || typeof encoded === 'string' || typeof encoded === 'number') return encoded
  const record = Fields.of(encoded, 'value')
  const bytes = record.optionalText('bytes')
  if (bytes !== undefined) return Buffer.from(bytes, 'base64')
  const integer = record.text('integer')
  return integer === '-0' ? -0 : BigInt(integer)
}

/** Reads the fields of one record. Throws for a record that isn't what it should be: the catalog is damaged. */
export class Fields {
  private constructor(
    private readonly fields: JsonRecord,
    private readonly what: string,
  ) {}

  static of(value: JsonValue | undefined, what: string): Fields {
    if (typeof value !== 'object' || value === null || isList(value)) {
      throw new Error(`the catalog is damaged: ${what} is not a record`)
    }
    return new Fields(value, what)
  }

  /** `what` names the record in messages. */
  static parse(bytes: Buffer, what: string): Fields {
    let parsed: JsonValue
    try {
      parsed = JSON.parse(bytes.toString('utf8')) as JsonValue
    } catch (cause) {
      throw new Error(`the catalog is damaged: ${what} is not JSON`, { cause })
    }
    return Fields.of(parsed, what)
  }

  raw(name: string): JsonValue | undefined {
    return this.fields[name]
  }

  text(name: string): string {
    return this.optionalText(name) ?? this.fail(name)
  }

  optionalText(name: string): string | undefined {
    const value = this.fields[name]
    if (value === undefined) return undefined
    return typeof value === 'string' ? value : this.fail(name)
  }

  number(name: string): number {
    return this.optionalNumber(name) ?? this.fail(name)
  }

  optionalNumber(name: string): number | undefined {
    const value = this.fields[name]
    if (value === undefined) return undefined
    return typeof value === 'number' ? value : this.fail(name)
  }

  /** False where it is missing. */
  flag(name: string): boolean {
    const value = this.fields[name]
    if (value === undefined) return false
    return typeof value === 'boolean' ? value : this.fail(name)
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const value = this.text(name)
    return values.find((each) => each === value) ?? this.fail(name)
  }

  record(name: string): Fields {
    return Fields.of(this.fields[name], `${this.what}.${name}`)
  }

  optionalRecord(name: string): Fields | undefined {
    return this.fields[name] === undefined ? undefined : this.record(name)
  }

  /** Empty where it is missing. */
  records(name: string): readonly Fields[] {
    return this.list(name).map((value) => Fields.of(value, `${this.what}.${name}`))
  }

  /** Empty where it is missing. */
  texts(name: string): readonly string[] {
    return this.list(name).map((value) => (typeof value === 'string' ? value : this.fail(name)))
  }

  optionalTexts(name: string): readonly string[] | undefined {
    return this.fields[name] === undefined ? undefined : this.texts(name)
  }

  /** Empty where it is missing. */
  numbers(name: string): readonly number[] {
    return this.list(name).map((value) => (typeof value === 'number' ? value : this.fail(name)))
  }

  /** A record of texts. */
  textMap(name: string): Readonly<Record<string, string>> {
    const record = this.optionalRecord(name)
    if (record === undefined) return {}
    return Object.fromEntries(Object.keys(record.fields).map((key) => [key, record.text(key)]))
  }

  private list(name: string): readonly JsonValue[] {
    const value = this.fields[name]
    if (value === undefined) return []
    return isList(value) ? value : this.fail(name)
  }

  private fail(name: string): never {
    throw new Error(`the catalog is damaged: ${this.what} has no proper ${name}`)
  }
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/** Bytes of a record; fields that are undefined are left out. */
export function encodeRecord(record: JsonRecord): Buffer {
  return Buffer.from(JSON.stringify(record), 'utf8')
}
