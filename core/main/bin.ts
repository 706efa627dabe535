#!/usr/bin/env node
/** The executable of the command `switchyard`. */
import { runCommand } from './command.js'

await runCommand(process.argv.slice(2))
