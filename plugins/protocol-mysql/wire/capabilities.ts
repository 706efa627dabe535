/** Capability flags of client and server (MySQL internals manual, "Capabilities Flags"). */
export const Capability = {
  LongPassword: 1,
  FoundRows: 1 << 1,
  LongFlag: 1 << 2,
  ConnectWithDatabase: 1 << 3,
  Compress: 1 << 5,
  Odbc: 1 << 6,
  LocalFiles: 1 << 7,
  IgnoreSpace: 1 << 8,
  Protocol41: 1 << 9,
  Interactive: 1 << 10,
  Ssl: 1 << 11,
  IgnoreSigpipe: 1 << 12,
  Transactions: 1 << 13,
  Reserved: 1 << 14,
  SecureConnection: 1 << 15,
  MultiStatements: 1 << 16,
  MultiResults: 1 << 17,
  PreparedMultiResults: 1 << 18,
  PluginAuthentication: 1 << 19,
  ConnectAttributes: 1 << 20,
  PluginAuthenticationLength: 1 << 21,
  ExpiredPasswords: 1 << 22,
  SessionTrack: 1 << 23,
  DeprecateEof: 1 << 24,
} as const

/** What this server can do besides what depends on its options (TLS, local files). */
export const SERVER_CAPABILITIES: number =
  Capability.LongPassword |
  Capability.FoundRows |
  Capability.LongFlag |
  Capability.ConnectWithDatabase |
  Capability.Compress |
  Capability.Odbc |
  Capability.IgnoreSpace |
  Capability.Protocol41 |
  Capability.Interactive |
  Capability.IgnoreSigpipe |
  Capability.Transactions |
  Capability.Reserved |
  Capability.SecureConnection |
  Capability.MultiStatements |
  Capability.MultiResults |
  Capability.PreparedMultiResults |
  Capability.PluginAuthentication |
  Capability.ConnectAttributes |
  Capability.PluginAuthenticationLength |
  Capability.SessionTrack |
  Capability.DeprecateEof
