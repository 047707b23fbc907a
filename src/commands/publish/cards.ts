import { redact } from '../../core/secrets.ts'
import { RunStore } from '../../core/store.ts'
import type { RunFiles } from '../../core/workspace.ts'
import type { Facts } from '../../graph/publish/facts.ts'
import { buildReport } from '../report/build.ts'
import { collect } from '../report/collect.ts'
import { type DataSources, dataCard, type ModelUse } from './data-card.ts'
import { modelCard } from './model-card.ts'
import { modelfile } from './modelfile.ts'

/** The texts of a published folder, by file name. */
export const cardsOf = async (facts: Facts, files: RunFiles): Promise<Record<string, string>> => {
  const collected = await collect(files)
  const report = buildReport(collected)
  const sources: DataSources = {
    options: collected.config?.options,
    models: modelsUsed(files),
    dimensions: collected.frozen?.dimensions ?? {},
  }
  return {
    'README.md': modelCard(facts, report),
    'DATA_CARD.md': dataCard(facts, report, sources),
    Modelfile: await modelfile(facts),
    'whetstone.yaml': redact(facts.config),
  }
}

const modelsUsed = (files: RunFiles): ModelUse[] => {
  const uses = new Map<string, { role: string; model: string; calls: number; tokens: number }>()
  const store = RunStore.open(files.database, { readonly: true })
  try {
    for (const event of store.events({ types: ['llm.used'] })) {
      if (event.type !== 'llm.used') continue
      const { role, model, calls, cached, input, output } = event.data
      const use = uses.get(`${role} ${model}`) ?? { role, model, calls: 0, tokens: 0 }
      use.calls += calls + cached
      use.tokens += input + output
      uses.set(`${role} ${model}`, use)
    }
  } finally {
    store.close()
  }
  return [...uses.values()]
}
