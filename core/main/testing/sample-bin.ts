/** The command with the sample engine, as a process of its own; SAMPLE_ENGINE holds its options as JSON. */
import { runCommand } from '../command.js'
import { sampleEngine, type SampleEngineOptions } from './sample-engine.js'

const options = JSON.parse(process.env.SAMPLE_ENGINE ?? '{}') as SampleEngineOptions
await runCommand(process.argv.slice(2), { composeEngine: sampleEngine(options) })
