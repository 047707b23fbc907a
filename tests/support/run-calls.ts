// A process of its own for the test that kills it:  node --import tsx tests/support/run-calls.ts FOLDER URL COUNT
// It asks COUNT different prompts of the teacher, and writes down each answer that it has got.
import { appendFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { openGateway } from '../../src/core/llm/gateway.ts'
import { rolesOf } from './llm.ts'

const [folder, baseUrl, count] = process.argv.slice(2) as [string, string, string]
const gateway = await openGateway({
  roles: rolesOf({ teacher: { model: 'm', baseUrl, concurrency: 8 } }),
  budget: { tokens: 0, money: 0 },
  folder,
  account: 'killed',
  baseDir: folder,
})
const teacher = gateway.llm('teacher', { signal: new AbortController().signal })!
const one = async (n: number) => {
  const { row } = await teacher.complete([{ role: 'user', content: `row ${n}` }], z.object({ row: z.string() }))
  appendFileSync(path.join(folder, 'finished.txt'), `${row}\n`)
}
await Promise.all(Array.from({ length: Number(count) }, (_, n) => one(n)))
appendFileSync(path.join(folder, 'spent.txt'), JSON.stringify(gateway.spent()))
await gateway.close()
