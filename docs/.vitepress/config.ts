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
          page('Concepts', '/concepts'),
          page('How the loop decides', '/how-the-loop-decides'),
          page('Steer a run', '/steer'),
          page('When not to fine-tune', '/when-not-to-fine-tune'),
        ],
      },
      {
        text: 'Case studies',
        items: [
          page('Tool calling', '/case-studies/tool-calling'),
          page('Essay style', '/case-studies/essay-style'),
          page('Agentic search', '/case-studies/agentic-search'),
          page('Tickets to records', '/case-studies/ticket-triage'),
        ],
      },
      {
        text: 'Own skill',
        items: [
          page('The ways side by side', '/reference/comparison'),
          page('With no code', '/declarative-skills'),
          page('Its file', '/skill-file'),
          page('In TypeScript', '/add-a-skill'),
          page('With tools that are executed', '/own-environment'),
          page('Own tools: phrase packs', '/phrase-packs'),
          page('Own tools: scenarios', '/scenarios'),
          page('Own conversations', '/your-conversations'),
          page('Own voice: essay style', '/essay-style'),
        ],
      },
      {
        text: 'Further',
        items: [
          page('Language models in the loop', '/llm-roles'),
          page('Does aiming help?', '/experiments'),
          page('Publish', '/publish'),
          page('Where training runs', '/executors'),
          page('Several endpoints', '/fleets'),
          page('On a GPU', '/gpu'),
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
          page('Troubleshooting by error code', '/reference/errors/'),
        ],
      },
    ],
  },
})
