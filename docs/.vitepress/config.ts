import { defineConfig } from 'vitepress'

const page = (text: string, link: string) => ({ text, link })

/** The site of docs/: `npm run docs` makes the reference pages from the sources and builds it. */
export default defineConfig({
  title: 'Whetstone',
  description: 'Sharpens a small language model on a skill, by itself, until measured targets are met, with proof.',
  srcExclude: ['results/**', 'decisions/**'],
  // pages link to examples, decisions and results of the repository, which are no pages of the site
  ignoreDeadLinks: [/\.\.\//, /decisions/, /results/],
  vite: { publicDir: false },
  themeConfig: {
    search: { provider: 'local' },
    nav: [page('Start', '/'), page('Own skill', '/add-a-skill'), page('Reference', '/reference/cli')],
    sidebar: [
      {
        text: 'Start',
        items: [
          page('In five minutes', '/'),
          page('How the loop decides', '/how-the-loop-decides'),
          page('Steer a run', '/steer'),
          page('Publish', '/publish'),
          page('Where training runs', '/executors'),
          page('LLM roles', '/llm-roles'),
          page('Several endpoints', '/fleets'),
          page('When not to fine-tune', '/when-not-to-fine-tune'),
        ],
      },
      {
        text: 'Own skill',
        items: [
          page('Add a skill', '/add-a-skill'),
          page('With no code', '/declarative-skills'),
          page('Its file', '/skill-file'),
          page('Phrase packs', '/phrase-packs'),
          page('The ways side by side', '/reference/comparison'),
          page('Case study: tickets to records', '/case-studies/ticket-triage'),
          page('Case study: tool calling', '/case-studies/tool-calling'),
          page('Case study: essay style', '/essay-style'),
        ],
      },
      {
        text: 'Trust',
        items: [page('The gate in plain words', '/the-gate-in-plain-words'), page('Security', '/security')],
      },
      {
        text: 'Reference',
        items: [
          page('whetstone.yaml', '/config'),
          page('Commands', '/reference/cli'),
          page('whetstone/skill', '/reference/skill'),
          page('Events', '/reference/events'),
          page('Error codes', '/reference/errors/'),
        ],
      },
    ],
  },
})
