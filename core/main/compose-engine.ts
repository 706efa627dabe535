/** Makes the engine of its stages: the one place where the server's parts meet the engine's classes. */
import { SwitchyardEngine } from '../engine/engine.js'
import type { ComposeEngine } from './engine-parts.js'

export const composeEngine: ComposeEngine = (parts) => new SwitchyardEngine(parts)
