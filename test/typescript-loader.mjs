/**
 * Lets a plain `node --import` run the TypeScript sources, for tests that need a process of their own (to be killed,
 * traced or starved): the types are stripped by swc, `.js` in an import leads to the `.ts` beside it, and workspace
 * names lead to their source entries, all as in jest.
 */
import module from 'node:module'
import { load, resolve } from './typescript-hooks.mjs'

// Node 20 only has register(), which runs the hooks in a thread of their own; Node 26 warns of it.
if (module.registerHooks === undefined) module.register('./typescript-hooks.mjs', import.meta.url)
else module.registerHooks({ load, resolve })
