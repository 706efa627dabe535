/** A server with memory storage and chDB beside one another, for the same rows in both. */
import type { Storage } from '@switchyard/core/spi'
import { TestEngine, type TestSession } from '../../../test/support/engine.js'
import { createStorage } from '../../../test/support/storages.js'

/** What names of tables end with, and the engine that they are in. */
export const ENGINES = [
  ['m', 'memory'],
  ['c', 'chdb'],
] as const

export interface BothEngines {
  readonly engine: TestEngine
  /** In the database `d`. */
  readonly session: TestSession
}

export async function startBoth(
  chdb: Storage,
  folder: string,
  options: Parameters<typeof TestEngine.start>[1] = {},
  collation = 'utf8mb4_0900_ai_ci',
): Promise<BothEngines> {
  const engine = await TestEngine.start([await createStorage('memory', folder), chdb], options)
  const session = await engine.session()
  await session.run(`CREATE DATABASE d COLLATE ${collation}`)
  await session.run('USE d')
  return { engine, session }
}
