/**
 * Goal: the JDBC driver (MariaDB Connector/J) works with the server: its questions at connecting, metadata, prepared statements
 * on both sides, batches, generated keys, transactions, streaming, errors. Method: a Java program with its own assertions.
 */
import { fileURLToPath } from 'node:url'
import { killServers, TestServer } from '../support/server.js'
import { outputOf } from '../support/run-command.js'
import { describeWithFile, findCommand } from '../support/system-packages.js'
import { removeTemporaryFolders } from '../support/temporary-folder.js'

const DRIVER = '/usr/share/java/mariadb-java-client.jar'

afterEach(killServers)
afterAll(removeTemporaryFolders)

describeWithFile([DRIVER, findCommand('java') ?? '/usr/bin/java'], 'JDBC', () => {
  test('a session', async () => {
    const server = await TestServer.start()
    const program = fileURLToPath(new URL('programs/JdbcSession.java', import.meta.url))
    const java = findCommand('java') ?? 'java'
    expect(await outputOf(java, ['-cp', DRIVER, program, String(server.port)])).toBe('done\n')
  }, 90_000)
})
