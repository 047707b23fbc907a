/** Where a run waits for a person, and what the person's answer does. */
import type { Config } from '../core/config.ts'
import { rolesIn } from '../core/llm/gateway.ts'
import { editItem } from './edit-item.ts'
import { problemOf, rewriteSpec } from './edit-spec.ts'
import { readFrozen } from './nodes/define.ts'
import type { Door as AskedDoor, Changes } from './orders.ts'
import { dropRows, itemsToTrain, problemOfDrop } from './review.ts'
import { Halt } from './session.ts'
import type { Door } from './stage.ts'
import type { State } from './state.ts'

/** Waits at a stage's door where the config wants a person's word; `reject` stops the run. @throws {Halt} */
export const askApproval = async (name: string, state: State, deps: Door): Promise<void> => {
  const what = questionAt(name, state.round, deps.config)
  if (what === undefined) return
  const asked = name === 'train' ? await doorOfRows(state, deps) : await doorOfSpec(name, deps)
  deps.emit({ type: 'approval.requested', round: state.round, stage: name, data: { what } })
  const { verb, by, args } = await deps.decision(asked)
  if (verb === 'reject') throw new Halt('stopped', by)
  const { parts, drop } = (args ?? {}) as Changes
  if (parts) await rewriteSpec(state.round, parts, deps)
  if (drop) await dropRows(state, drop, deps, by)
}

type Asked = Omit<AskedDoor, 'request'>

const doorOfSpec = async (name: string, { files, plugin }: Door): Promise<Asked> => {
  const dimensions = plugin.dimensions((await readFrozen(files, plugin)).definition)
  const check = ({ parts, drop }: Changes): string | undefined => {
    if (drop) return 'there are no rows to leave out before they are made: approve: before-train asks behind that'
    if (name !== 'generate') return 'the rows of this round are made already: its spec cannot change'
    return parts && problemOf(parts, dimensions)
  }
  return { check }
}

const doorOfRows = async (state: State, deps: Door): Promise<Asked> => {
  let items = await itemsToTrain(state, deps)
  return {
    check: ({ parts, drop }) =>
      parts ? 'the rows of this round are made already: its spec cannot change' : drop && problemOfDrop(drop, items),
    edit: async (order) => {
      const reaction = await editItem(order, state, deps)
      items = await itemsToTrain(state, deps) // one that was rejected may be there now
      return reaction
    },
  }
}

/** What a person is asked at a stage's door; undefined where the run goes in by itself. */
export const questionAt = (
  name: string,
  round: number,
  config: Pick<Config, 'approve' | 'roles'>,
): string | undefined => {
  const what = `${name} of round ${round}`
  if (config.approve === 'before-train') return name === 'train' ? what : undefined
  if (config.approve === 'every-round') return name === 'generate' ? what : undefined
  if (config.approve !== 'on-cost') return undefined
  // one question a round, before the first of its stages that may ask a model
  const first = round === 0 ? 'evaluate' : 'generate'
  const paid = paidModels(config.roles)
  return name === first && paid.length > 0 ? `${what}, whose stages may ask ${paid.join(', ')}` : undefined
}

/** Models of the loop that may cost. One without a price is taken to: only a price of 0 says that it is free. */
export const paidModels = (roles: Config['roles']): string[] =>
  rolesIn(roles).flatMap((role) => {
    const settings = roles[role]
    if (role === 'chat' || !settings) return []
    const free = [settings, ...settings.fallbacks].every(
      ({ price }) => price && price.input === 0 && price.output === 0,
    )
    return free ? [] : [`${role} (${settings.model})`]
  })
