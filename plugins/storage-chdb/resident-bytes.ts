/** How much memory another process takes, as the system sees it. */
import { readFile } from 'node:fs/promises'

/** Resident bytes of a process; 0 where the system has no way to tell (anything but Linux). */
export async function residentBytes(processId: number): Promise<number> {
  try {
    const status = await readFile(`/proc/${processId}/status`, 'latin1')
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
