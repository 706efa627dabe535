/**
 * Goal: a server whose root has no password doesn't listen to other machines; wrong init scripts end the start with one line. Method: the engine as the process composes it, over the
 * memory storage, with different addresses to bind.
 */
import { MemoryStorage } from '@switchyard/storage-memory'
import { PlacementRouter } from '@switchyard/router-placement'
import { join } from 'node:path'
import { QUIET_LOGGER, TEST_SETTINGS } from '../../test/support/engine.js'
import { removeTemporaryFolders, temporaryFolder, writeFiles } from '../../test/support/temporary-folder.js'
import { StartError } from '../loader/start-error.js'
import { composeEngine } from './compose-engine.js'

afterAll(removeTemporaryFolders)

function compose(bind: string, rootPassword: string, folders: readonly string[] = []) {
  return composeEngine({
    settings: { ...TEST_SETTINGS, bind, rootPassword, init: { folders } },
    logger: QUIET_LOGGER,
    storages: [new MemoryStorage('memory')],
    catalogs: [],
    router: new PlacementRouter('memory'),
    functions: [],
    authentication: [],
    requestStop: () => undefined,
  })
}

test.each(['127.0.0.1', 'localhost', '::1', '127.1.2.3'])('on %s no password is needed', async (bind) => {
  const engine = compose(bind, '')
  await engine.start()
  await engine.stop()
})

test.each(['0.0.0.0', '::', '192.0.2.1'])('on %s the start ends with one line', async (bind) => {
  await expect(compose(bind, '').start()).rejects.toThrow(
    `root has no password, so the server doesn't listen on ${bind}`,
  )
})

test('with a password it listens anywhere', async () => {
  const engine = compose('0.0.0.0', 'secret')
  await engine.start()
  await engine.stop()
})

test('an init script that fails is named, with its statement', async () => {
  const folder = writeFiles(temporaryFolder(), {
    '1.sql': 'CREATE DATABASE d; CREATE TABLE d.t (a INT);',
    '2.sql':
      "INSERT INTO d.t VALUES (1);\nINSERT INTO d.t VALUES (2);\nINSERT INTO d.t VALUES ('x');\nSELECT 1",
  })
  const starting = compose('127.0.0.1', '', [folder]).start()
  await expect(starting).rejects.toBeInstanceOf(StartError)
  await expect(starting).rejects.toThrow(
    `the init script ${join(folder, '2.sql')} failed at statement 3: Incorrect integer value: 'x' for column 'a' at row 1`,
  )
})

test('an init folder that is missing is named', async () => {
  const starting = compose('127.0.0.1', '', ['/nonexistent/scripts']).start()
  await expect(starting).rejects.toThrow(
    "can't read the init folder /nonexistent/scripts: there is no such folder",
  )
})
