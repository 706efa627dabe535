/** Makes the engine of its stages: the one place where the server's parts meet the engine's classes. */
import { isIP } from 'node:net'
import { SwitchyardEngine } from '../engine/engine.js'
import { InitScriptError } from '../engine/init-scripts.js'
import { StartError } from '../loader/start-error.js'
import type { ComposeEngine, EngineParts } from './engine-parts.js'

export const composeEngine: ComposeEngine = (parts) => new GuardedEngine(parts)

/** Doesn't open the door to other machines while root has no password. */
class GuardedEngine extends SwitchyardEngine {
  private readonly bind: string

  constructor(parts: EngineParts) {
    super(parts)
    this.bind = parts.settings.bind
  }

  override async start(): Promise<void> {
    try {
      await super.start()
    } catch (error) {
      throw error instanceof InitScriptError ? new StartError(error.message, { cause: error }) : error
    }
    const { bind } = this
    if (isLoopback(bind) || !this.rootHasNoPassword) return
    await this.stop()
    throw new StartError(
      `root has no password, so the server doesn't listen on ${bind}: start it on 127.0.0.1 and give root one ` +
        `(ALTER USER root@localhost IDENTIFIED BY '…'), or set MYSQL_ROOT_PASSWORD at the first start`,
    )
  }
}

function isLoopback(address: string): boolean {
  if (address === 'localhost' || address === '::1') return true
  return isIP(address) === 4 && address.startsWith('127.')
}
