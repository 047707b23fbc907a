import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { readAnswer } from './answer.ts'
import { formOf } from './form.ts'

const Any = z.strictObject({ value: z.json() })

test('a JSON object is found whatever prose and fences stand around it', () => {
  const prose = fc.string().map((text) => text.replace(/[{}`<>]/g, ''))
  fc.assert(
    fc.property(fc.jsonValue(), prose, prose, fc.boolean(), (inner, before, after, fence) => {
      const value = JSON.parse(JSON.stringify({ value: inner }))
      const json = JSON.stringify(value, undefined, fence ? 2 : undefined)
      const text = fence ? `${before}\n\`\`\`json\n${json}\n\`\`\`\n${after}` : `${before} ${json} ${after}`
      expect(readAnswer(text, Any)).toEqual({ value })
    }),
  )
})

test('no text makes it throw, and half a value is no value', () => {
  fc.assert(fc.property(fc.string(), (text) => void readAnswer(text, Any)))
  expect(readAnswer('{"value": [1, 2', Any)).toHaveProperty('findings')
})

test('a schema is flat, without titles and giant bounds, and strict only where every field is required', () => {
  const Inner = z.object({ n: z.int() })
  const form = formOf(z.strictObject({ a: Inner, b: Inner, c: z.string().optional() }))
  expect(JSON.stringify(form.schema)).not.toMatch(/\$ref|title|9007199254740991/)
  expect(form.strict).toBe(false)
  expect(formOf(z.strictObject({ a: z.int() })).strict).toBe(true)
})
