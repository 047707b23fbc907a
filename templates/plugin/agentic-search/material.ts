/** What the documents say and what is asked of them. Change this first. */
import { coinedWords, mulberry32, pick, type Split, sample, seedFrom, splitPool } from 'whetstone/skill'

export interface Document {
  readonly id: string
  readonly title: string
  readonly text: string
}

/** Made-up projects: what nobody knows by heart has to be looked up. Each belongs to one split. */
const projects = splitPool(coinedWords(600), (name) => `slot:${name}`)
const towns = [
  'Aston',
  'Bedford',
  'Corby',
  'Dover',
  'Exeter',
  'Frome',
  'Goole',
  'Hull',
  'Ilford',
  'Jarrow',
  'Kendal',
  'Leeds',
  'Malvern',
  'Norwich',
  'Oxford',
  'Poole',
  'Reading',
  'Selby',
  'Truro',
  'Wells',
]

/** What can be asked of a project: the question, the sentence that answers it, and the answer. */
export const topics: Readonly<Record<string, { ask: string; say: string; answers: readonly string[] }>> = {
  place: { ask: 'Where is project {project} built?', say: 'It is built in {answer}.', answers: towns },
  cost: {
    ask: 'What does project {project} cost?',
    say: 'It costs {answer} million.',
    answers: Array.from({ length: 80 }, (_, n) => String(n + 12)),
  },
}

export interface Case {
  readonly project: string
  readonly question: string
  readonly answer: string
  readonly documents: readonly Document[] // one answers the question, the others are about other projects
  readonly target: string
}

/** A question with its documents, made so that the answer is known. */
export const makeCase = (topic: string, split: Split, seed: number): Case => {
  const random = mulberry32(seedFrom('case', seed))
  const [project = '', ...others] = sample(random, projects[split], 4)
  const { ask, answers } = topics[topic] as (typeof topics)[string]
  const answer = pick(random, answers)
  const documents = sample(random, [project, ...others], 4).map((name, at) => ({
    id: `d${at + 1}`,
    title: `Project ${name}`,
    text: Object.entries(topics)
      .map(([key, { say, answers: all }]) =>
        say.replace('{answer}', name === project && key === topic ? answer : pick(random, all)),
      )
      .join(' '),
  }))
  const target = documents.find(({ title }) => title.endsWith(` ${project}`))?.id ?? ''
  return { project, question: ask.replace('{project}', project), answer, documents, target }
}
