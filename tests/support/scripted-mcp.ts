// `whet mcp` whose runs have a scripted trainer:  node --import tsx tests/support/scripted-mcp.ts DIR
import { hostOf } from '../../src/commands/host.ts'
import { serveStdio } from '../../src/mcp/command.ts'
import { scriptedLaunch } from './scripted-launch.ts'

await serveStdio(hostOf(process.argv[2]!, '.whetstone', scriptedLaunch), new AbortController().signal, (line) =>
  process.stderr.write(`${line}\n`),
)
process.exit(0)
