// Evaluates JSONata one after the other, away from the process that must stay answerable. Its owner ends it when one takes too long.
import { parentPort } from 'node:worker_threads'
import jsonata from 'jsonata'

const parsed = new Map()

parentPort.on('message', async ({ id, expression, input }) => {
  try {
    if (!parsed.has(expression)) parsed.set(expression, jsonata(expression))
    const value = await parsed.get(expression).evaluate(input)
    // a sequence of JSONata carries marks of its own, and a function is no value
    parentPort.postMessage({ id, value: value === undefined ? undefined : JSON.parse(JSON.stringify(value)) })
  } catch (error) {
    parentPort.postMessage({ id, error: String(error?.message ?? error) })
  }
})
parentPort.postMessage({ ready: true })
