/**
 * A MySQL server that somebody runs, for tests that need the real one: SWITCHYARD_TEST_MYSQL=host:port[:user[:password]], where the account is
 * root without password unless told. Its databases `test` and `d` are dropped and made anew.
 */
export const MYSQL_VARIABLE = 'SWITCHYARD_TEST_MYSQL'

export interface MysqlAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
}

/** Undefined when none is named. */
export function namedMysql(): MysqlAddress | undefined {
  const named = process.env[MYSQL_VARIABLE] ?? ''
  if (named === '') return undefined
  const [host = '', port = '', user = 'root', ...password] = named.split(':')
  if (host === '' || !/^\d+$/.test(port)) throw new Error(`${MYSQL_VARIABLE} is host:port[:user[:password]]`)
  return { host, port: Number(port), user, password: password.join(':') }
}

/** A suite that runs when a server is named. */
export function describeWithMysql(name: string, suite: (address: MysqlAddress) => void): void {
  const address = namedMysql()
  if (address === undefined) test.skip(`${name} (needs ${MYSQL_VARIABLE}=host:port)`, () => undefined)
  else {
    describe(name, () => {
      suite(address)
    })
  }
}
