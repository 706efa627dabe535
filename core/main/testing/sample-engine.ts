/**
 * A stand-in for the engine, for tests of the process around it. It runs no statements; it says on standard error what
 * happens to it.
 */
import type { Server } from '../../spi/session.js'
import type { ComposeEngine } from '../engine-parts.js'

export interface SampleEngineOptions {
  /** How long the statements that seem to run at shutdown take. */
  readonly drainMs?: number
  /** Throws outside of any call, a moment after the start. */
  readonly fault?: boolean
}

export function sampleEngine({ drainMs = 0, fault = false }: SampleEngineOptions): ComposeEngine {
  return ({ settings, storages }) => {
    const say = (text: string) => process.stderr.write(`[engine ${text}]\n`)
    const refuse = () => {
      throw new Error('the sample engine has no sessions')
    }
    const server: Server = {
      version: '8.0.99-sample',
      defaultAuthenticationMethod: 'caching_sha2_password',
      reserveConnection: () => 1,
      releaseConnection: () => undefined,
      beginLogin: refuse,
      openSession: refuse,
    }
    return {
      server,
      async start() {
        say(`started over ${storages.map(({ name }) => name).join()}, default ${settings.storage}`)
        if (!fault) return
        setTimeout(() => {
          throw new Error('nobody catches this')
        }, 50)
        void Promise.reject(new Error('nobody awaits this'))
      },
      async drain(graceMs) {
        say('draining')
        await new Promise((resolve) => setTimeout(resolve, Math.min(drainMs, graceMs)))
        say('drained')
      },
      async stop() {
        say('stopped')
      },
    }
  }
}
