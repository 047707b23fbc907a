import type { Message, Transcript } from './contract.ts'
import type { Student, StudentFleet } from './student.ts'

/** Words put before every conversation: how a model is told what to do without being trained. */
export interface Prompt {
  readonly instruction: string
  readonly examples: readonly Transcript[] // whole exchanges, shown before the conversation
}

/** A student that reads a prompt before every conversation, as an application would set it. */
export const promptedStudent = (student: Student, prompt: Prompt): Student => ({
  name: student.name,
  ...(student.fleet && { fleet: promptedFleet(student.fleet, prompt) }),
  reply: (messages, tools, options) => {
    const { instruction, examples } = prompt
    const system = messages.filter(({ role }) => role === 'system').map(({ content }) => content)
    const told: Message = { role: 'system', content: [instruction, ...system].join('\n\n') }
    const shown = examples.flat().filter(({ role }) => role !== 'system')
    return student.reply([told, ...shown, ...messages.filter(({ role }) => role !== 'system')], tools, options)
  },
})

const promptedFleet = (fleet: StudentFleet, prompt: Prompt): StudentFleet => ({
  slots: fleet.slots,
  run: (signal, work) => fleet.run(signal, (student, within) => work(promptedStudent(student, prompt), within)),
})
