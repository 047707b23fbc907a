/** Measures of a ranking as trec_eval defines them. A document counts as relevant from judgement 1 on. */
export interface Measures {
  readonly MAP: number // mean over all relevant documents of the precision at their rank; not retrieved: 0
  readonly 'nDCG@10': number // gain: the judgement itself; discount: log2(rank + 1); ideal: of all that were judged
  readonly 'P@10': number // of 10, also where fewer were retrieved
  readonly 'recall@100': number
}

export type Judgements = ReadonlyMap<string, number>

/** @param ranking document ids, the best first, each once */
export const measuresOf = (ranking: readonly string[], judgements: Judgements): Measures => {
  const relevant = [...judgements.values()].filter((judgement) => judgement >= 1).length
  const gain = (id: string) => Math.max(0, judgements.get(id) ?? 0)
  const hits = (depth: number) => ranking.slice(0, depth).filter((id) => gain(id) >= 1).length
  let [found, precisions] = [0, 0]
  for (const [index, id] of ranking.entries())
    if (gain(id) >= 1) {
      found += 1
      precisions += found / (index + 1)
    }
  const ideal = discounted([...judgements.values()].map((judgement) => Math.max(0, judgement)).sort((a, b) => b - a))
  return {
    MAP: relevant === 0 ? 0 : precisions / relevant,
    'nDCG@10': ideal === 0 ? 0 : discounted(ranking.map(gain)) / ideal,
    'P@10': hits(10) / 10,
    'recall@100': relevant === 0 ? 0 : hits(100) / relevant,
  }
}

const discounted = (gains: readonly number[]): number =>
  gains.slice(0, 10).reduce((sum, gain, index) => sum + gain / Math.log2(index + 2), 0)

/** Means over topics. */
export const meanOf = (all: readonly Measures[]): Measures => {
  const mean = (name: keyof Measures) =>
    all.length === 0 ? 0 : all.reduce((sum, one) => sum + one[name], 0) / all.length
  return { MAP: mean('MAP'), 'nDCG@10': mean('nDCG@10'), 'P@10': mean('P@10'), 'recall@100': mean('recall@100') }
}
