/** Makes the engine of its stages: the one place where the server's parts meet the engine's classes. */
import { StartError } from '../loader/start-error.js'
import type { ComposeEngine } from './engine-parts.js'

export const composeEngine: ComposeEngine = () => {
  throw new StartError('the engine is not part of this build')
}
