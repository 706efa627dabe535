/**
 * A server of which every database is mirrored (storage mode mysql): its databases come and go as they do there.
 */
import type { RemoteServer } from './remote-server.js'

/** Age at which a list is asked for anew when somebody names what isn't in it. */
const LIST_AGE_MS = 500
/** What SHOW DATABASES waits for at most; then it shows what was known last. */
const LIST_WAIT_MS = 1000
/** Every server has its own, and we have ours. */
const SYSTEM_DATABASES: ReadonlySet<string> = new Set([
  'information_schema',
  'performance_schema',
  'mysql',
  'sys',
])

export class MirroredServer {
  private listedAtMs = -Infinity
  private listing: Promise<void> | undefined

  constructor(
    readonly server: RemoteServer,
    readonly isReadOnly: boolean,
    /** The only database to mirror; '' for all. */
    private readonly only: string,
    private readonly found: (names: readonly string[]) => void,
  ) {}

  /** Resolves when the databases are known as they are now; rejects with a SqlError if the server can't be asked. */
  list(): Promise<void> {
    if (performance.now() - this.listedAtMs < LIST_AGE_MS) return Promise.resolve()
    this.listing ??= this.ask().finally(() => {
      this.listing = undefined
    })
    return this.listing
  }

  /** As `list`, but not for long, and whatever comes of it. */
  async listIfItAnswers(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LIST_WAIT_MS)
    })
    await Promise.race([this.list().catch(() => undefined), enough])
    clearTimeout(timer)
  }

  private async ask(): Promise<void> {
    const { rows } = await this.server.read('SELECT SCHEMA_NAME FROM information_schema.SCHEMATA')
    const names = rows.map(([name]) => name?.toString() ?? '')
    this.listedAtMs = performance.now()
    this.found(
      names.filter((name) =>
        this.only === '' ? !SYSTEM_DATABASES.has(name.toLowerCase()) : name === this.only,
      ),
    )
  }
}
