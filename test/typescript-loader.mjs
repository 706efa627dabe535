/**
 * Lets a plain `node --import` run the TypeScript sources, for tests that need a process of their own (to be killed,
 * traced or starved): the types are stripped by swc, `.js` in an import leads to the `.ts` beside it, and workspace
 * names lead to their source entries, all as in jest.
 */
import { register } from 'node:module'

register('./typescript-hooks.mjs', import.meta.url)
