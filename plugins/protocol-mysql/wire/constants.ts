/** Numbers of the protocol: commands, first bytes of packets, status flags, column types and flags. */

/** First byte of a command packet. */
export const Command = {
  Quit: 0x01,
  InitDatabase: 0x02,
  Query: 0x03,
  FieldList: 0x04,
  Refresh: 0x07,
  Shutdown: 0x08,
  Statistics: 0x09,
  ProcessInfo: 0x0a,
  ProcessKill: 0x0c,
  Debug: 0x0d,
  Ping: 0x0e,
  ChangeUser: 0x11,
  StatementPrepare: 0x16,
  StatementExecute: 0x17,
  StatementSendLongData: 0x18,
  StatementClose: 0x19,
  StatementReset: 0x1a,
  SetOption: 0x1b,
  StatementFetch: 0x1c,
  ResetConnection: 0x1f,
} as const

/** First byte of a packet of the server. */
export const Header = {
  Ok: 0x00,
  MoreAuthenticationData: 0x01,
  LocalFile: 0xfb,
  Eof: 0xfe,
  Error: 0xff,
} as const

/** SERVER_STATUS_… of OK and EOF packets. */
export const Status = {
  InTransaction: 1,
  Autocommit: 2,
  MoreResults: 8,
  NoBackslashEscapes: 0x200,
  SessionStateChanged: 0x4000,
} as const

/** Payload bytes of a full packet; what is longer goes on in the next packet. */
export const PACKET_PAYLOAD_MAX = 0xffffff
export const HEADER_BYTES = 4

/** enum_field_types: type codes in column definitions and parameters. */
export const WireType = {
  Decimal: 0,
  Tiny: 1,
  Short: 2,
  Long: 3,
  Float: 4,
  Double: 5,
  Null: 6,
  Timestamp: 7,
  LongLong: 8,
  Int24: 9,
  Date: 10,
  Time: 11,
  Datetime: 12,
  Year: 13,
  Varchar: 15,
  Bit: 16,
  Json: 245,
  NewDecimal: 246,
  Enum: 247,
  Set: 248,
  TinyBlob: 249,
  MediumBlob: 250,
  LongBlob: 251,
  Blob: 252,
  VarString: 253,
  String: 254,
  Geometry: 255,
} as const

/** Column flags of column definitions. */
export const ColumnFlag = {
  NotNull: 1,
  PrimaryKey: 2,
  UniqueKey: 4,
  MultipleKey: 8,
  Blob: 16,
  Unsigned: 32,
  Zerofill: 64,
  Binary: 128,
  Enum: 256,
  AutoIncrement: 512,
  Timestamp: 1024,
  Set: 2048,
  NoDefaultValue: 4096,
  OnUpdateNow: 8192,
  PartOfKey: 16384,
} as const
