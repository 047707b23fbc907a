import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { trainerScript } from '../../core/python.ts'
import type { Facts } from '../../graph/publish/facts.ts'
import { modelfile } from './modelfile.ts'

const facts = (template: string) =>
  ({ name: 'a-model', template, end: '<|im_end|>', context: 2048, served: 'q8_0' }) as Facts

test('our chat template has a twin in the language of Ollama: the same fixed words, in the same order', async () => {
  const template = readFileSync(trainerScript('chat_template.jinja'), 'utf8')
  const text = await modelfile(facts(template))
  expect(text).toContain('FROM ./a-model-q8_0.gguf\n')
  expect(text).toContain('PARAMETER stop "<|im_end|>"\n')
  // the words that the template itself puts around what it is given
  const fixed = [...template.matchAll(/\{\{-? '((?:[^'\\]|\\.)*)'/g)].map(([, said = '']) =>
    said.replaceAll('\\n', '\n'),
  )
  for (const said of fixed.filter((each) => /[a-z]{4}/.test(each))) expect(text).toContain(said.trim())
})

test('a base with a template of its own gets none of ours', async () => {
  const text = await modelfile(facts('{{ messages }}'))
  expect(text).not.toContain('TEMPLATE')
  expect(text).toContain('llama-server --jinja')
})
