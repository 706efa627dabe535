/**
 * Goal: whenever the server is killed, each definition statement has been done wholly or not at all, acknowledged ones have been
 * done, indexes agree with rows, and nothing is left in the storage that no definition names. Method: a process that
 * changes definitions over LMDB without end is killed at random moments, again and again on the same data; after each time the
 * data are opened and compared with what the statements say.
 */
import { DefinitionSession } from '../testing/definition-session.js'
import { stateAfter } from '../testing/definition-steps.js'
import { runSource } from '../../../test/support/child-program.js'
import { createStorage } from '../../../test/support/storages.js'
import { removeTemporaryFolders, temporaryFolder } from '../../../test/support/temporary-folder.js'
import { isKeyspaceStorage, type KeyspaceStorage } from '../../spi/storage.js'
import type { RelationDefinition } from '../../plan/schema.js'

const KILLS = 4
const KILLS_MAX = 20

afterAll(removeTemporaryFolders)

/** Runs the process and kills it; answers how many statements it said it had done. */
async function runAndKill(folder: string, done: number, isFirst: boolean): Promise<number> {
  const child = runSource('core/engine/testing/definition-child.ts', {
    folder,
    args: [folder, String(done), isFirst ? 'prepare' : 'continue'],
  })
  await child.waitFor('stdout', new RegExp(`^done ${String(done)}$`, 'm'))
  await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 1500))
  child.kill('SIGKILL')
  const { signal } = await child.ended
  if (signal !== 'SIGKILL') throw new Error(`the process ended by itself: ${child.stderr}`)
  const last = [...child.stdout.matchAll(/^done (\d+)$/gm)].at(-1)?.[1]
  return Number(last)
}

async function stateOf(engine: DefinitionSession): Promise<readonly string[]> {
  const lines: string[] = []
  for (const { name: database, isSystem } of engine.catalog.databases()) {
    if (isSystem) continue
    if (database !== 'd') lines.push(database)
    for (const relation of engine.catalog.snapshot.relations(database)) {
      lines.push(await lineOf(relation, engine))
    }
  }
  return lines.sort()
}

async function lineOf(relation: RelationDefinition, engine: DefinitionSession): Promise<string> {
  if (relation.kind === 'view') return relation.name
  const name = `${relation.database}.${relation.name}`
  const [row] = await engine.rows(`SELECT COUNT(*) FROM ${name}`)
  const columns = relation.columns.map((column) => `${column.name} ${column.type.name}`).join(',')
  const indexes = relation.indexes.map((index) => index.name).join(',')
  return `${name} ${columns} ${indexes} ${row?.[0] ?? ''}`
}

/** Keyspaces with entries that no definition names. */
function forgottenKeyspaces(engine: DefinitionSession, storage: KeyspaceStorage): readonly number[] {
  const { catalog } = engine
  const used = new Set<number>()
  for (const { name } of catalog.databases()) {
    for (const relation of catalog.snapshot.relations(name)) {
      if (relation.kind === 'view') continue
      for (const { id } of [...relation.placements, ...relation.indexes]) used.add(id)
    }
  }
  const ids = Array.from({ length: catalog.allocateId() - 1000 }, (_, i) => 1000 + i)
  return ids.filter((id) => !used.has(id) && (storage.size(id)?.entries ?? 0) > 0)
}

async function check(folder: string, done: number): Promise<number> {
  const storage = await createStorage('lmdb', folder)
  if (!isKeyspaceStorage(storage)) throw new Error('lmdb keeps keyspaces')
  const engine = await DefinitionSession.start([storage], { storage: 'lmdb', dataFolder: folder })
  try {
    const state = await stateOf(engine)
    const found = [done, done + 1].find(
      (count) => [...stateAfter(count)].sort().join('\n') === state.join('\n'),
    )
    // The message of this shows the difference.
    if (found === undefined) expect(state).toEqual([...stateAfter(done)].sort())
    for (const { name } of engine.catalog.relationNames('d')) expect(await engine.problems(name)).toEqual([])
    await engine.cleanedUp()
    expect(engine.catalog.orphans).toEqual([])
    expect(forgottenKeyspaces(engine, storage)).toEqual([])
    return found ?? done
  } finally {
    await engine.stop()
  }
}

test('a killed server has done its definition statements wholly or not at all', async () => {
  const folder = temporaryFolder()
  let done = 0
  // A machine that is busy gets through less between two kills.
  for (let kill = 0; kill < KILLS || (done <= KILLS && kill < KILLS_MAX); kill++) {
    done = await check(folder, await runAndKill(folder, done, kill === 0))
  }
  expect(done).toBeGreaterThan(KILLS)
}, 120_000)
