/**
 * Goal: PyMySQL works with the server: types both ways, prepared-like parameters, transactions, cursors of every kind, errors.
 * Method: a Python program with its own assertions.
 */
import { fileURLToPath } from 'node:url'
import { killServers, TestServer } from '../support/server.js'
import { outputOf } from '../support/run-command.js'
import { describeWithFile } from '../support/system-packages.js'
import { removeTemporaryFolders } from '../support/temporary-folder.js'

// The system's own Python, which is the one that the package of the system belongs to.
const PYTHON = '/usr/bin/python3'

afterEach(killServers)
afterAll(removeTemporaryFolders)

describeWithFile([PYTHON, '/usr/lib/python3/dist-packages/pymysql/__init__.py'], 'PyMySQL', () => {
  test('a session', async () => {
    const server = await TestServer.start()
    const program = fileURLToPath(new URL('programs/pymysql_session.py', import.meta.url))
    expect(await outputOf(PYTHON, [program, String(server.port)])).toBe('done\n')
  }, 60_000)
})
