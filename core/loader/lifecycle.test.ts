/**
 * Goal: parts start in order and stop in reverse, whatever fails. Method: parts that write down what happens to them.
 */
import type { Logger } from '../spi/logger.js'
import { Lifecycle, type LifecycleStep } from './lifecycle.js'

function setUp() {
  const events: string[] = []
  const errors: object[] = []
  const nothing = () => undefined
  const logger: Logger = {
    trace: nothing,
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: (fields) => errors.push(fields),
    isLevelEnabled: () => false,
    child: () => logger,
  }
  const step = (name: string, failing?: 'start' | 'stop'): LifecycleStep => ({
    name,
    async start() {
      await Promise.resolve()
      if (failing === 'start') throw new Error(`${name} can't start`)
      events.push(`+${name}`)
    },
    stop() {
      events.push(`-${name}`)
      if (failing === 'stop') throw new Error(`${name} can't stop`)
    },
  })
  return { events, errors, step, lifecycle: new Lifecycle(logger) }
}

test('stops in the reverse order of starting, once', async () => {
  const { events, step, lifecycle } = setUp()
  await lifecycle.start([step('a'), step('b'), step('c')])
  await lifecycle.stop()
  await lifecycle.stop()
  expect(events).toEqual(['+a', '+b', '+c', '-c', '-b', '-a'])
})

test('a part that fails to start stops those before it, and is not stopped itself', async () => {
  const { events, step, lifecycle } = setUp()
  const starting = lifecycle.start([step('a'), step('b'), step('c', 'start'), step('d')])
  await expect(starting).rejects.toThrow("c can't start")
  expect(events).toEqual(['+a', '+b', '-b', '-a'])
})

test('a part that fails to stop is logged and does not keep the others from stopping', async () => {
  const { events, errors, step, lifecycle } = setUp()
  await lifecycle.start([step('a'), step('b', 'stop'), step('c')])
  await lifecycle.stop()
  expect(events.slice(3)).toEqual(['-c', '-b', '-a'])
  expect(errors).toEqual([{ part: 'b', err: expect.objectContaining({ message: "b can't stop" }) }])
})
