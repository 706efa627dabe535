/**
 * Goal: a server whose root has no password doesn't listen to other machines. Method: the engine as the process composes it, over the
 * memory storage, with different addresses to bind.
 */
import { MemoryStorage } from '@switchyard/storage-memory'
import { PlacementRouter } from '@switchyard/router-placement'
import { QUIET_LOGGER, TEST_SETTINGS } from '../../test/support/engine.js'
import { composeEngine } from './compose-engine.js'

function compose(bind: string, rootPassword: string) {
  return composeEngine({
    settings: { ...TEST_SETTINGS, bind, rootPassword },
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
