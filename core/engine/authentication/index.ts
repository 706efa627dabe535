/** Logins: the password methods that come with the server, and how an account is found and admitted. */
export type { AccountRecord } from './account.js'
export { AccountLimits } from './account-limits.js'
export { CachingSha2Password } from './caching-sha2-password.js'
export { LoginThrottle } from './login-throttle.js'
export { createAuthenticationFlow, type LoginPolicy } from './login.js'
export { MysqlNativePassword } from './mysql-native-password.js'
