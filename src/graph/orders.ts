/** What a run answers to each order. Pure: the session takes the order, appends the events and acts. */
import type { Config } from '../core/config.ts'
import type { SpecPart } from '../core/contract.ts'
import type { EventData, RunEvent } from '../core/events.ts'
import type { Order } from '../core/store.ts'
import type { ToldEvent } from './deps.ts'

export type Budget = Config['budget']
export type Guidance = EventData<'guidance.given'>

/** What an approval may bring along: another spec for the round, or items whose rows are left out of its training. */
export interface Changes {
  readonly parts?: readonly SpecPart[]
  readonly drop?: readonly string[]
}

/** A person's change of an item: fields with their new values; null takes a field away. */
export interface ItemEdit {
  readonly item: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** Where a run waits for a person's word. */
export interface Door {
  readonly request: number // seq of the event that asked
  readonly check: (changes: Changes) => string | undefined // why what a person changed cannot be used
  readonly edit?: (order: Order) => Promise<Reaction> // where items can be changed
}

/** What the session knows when an order comes. */
export interface Situation {
  readonly door: Door | undefined
  readonly events: readonly RunEvent[] // of guidance, budget and orders, all of the run
  readonly budget: Budget | undefined // as the config has it
}

export interface Reaction {
  readonly answer: string
  readonly events?: readonly ToldEvent[]
  readonly opens?: boolean // the door: the run goes on, or ends where the order refuses
}

export const react = (order: Order, situation: Situation): Reaction => {
  switch (order.verb) {
    case 'pause':
    case 'stop':
      return { answer: `${order.verb}: the stage at work is left where it can go on` }
    case 'resume':
      return { answer: 'the run is at work already' }
    case 'approve':
    case 'reject':
      return decide(order, situation)
    case 'guide':
      return guide(order)
    case 'budget':
      return changeBudget(order)
    case 'undo':
      return undo(order, situation)
    case 'edit':
      return { answer: 'not edited: items are changed while a run waits before their training (approve: before-train)' }
  }
}

const decide = ({ verb, args }: Order, { door, events }: Situation): Reaction => {
  const { request, ...changes } = (args ?? {}) as { request?: number } & Changes
  const changed = Object.keys(changes).length > 0
  if (!door) return { answer: `nothing waits for an approval${lastDecision(events)}` }
  if (request !== undefined && request !== door.request)
    return {
      answer: `${verb} came too late: it was meant for request ${request}, and the run now waits with request ${door.request}`,
    }
  const problem = verb === 'approve' && changed ? door.check(changes) : undefined
  if (problem) return { answer: `not approved: ${problem}. The run goes on waiting` }
  const how = changes.parts
    ? ', with the spec as it was edited'
    : changes.drop
      ? `, without ${changes.drop.length} items`
      : ''
  return { answer: verb === 'approve' ? `approve${how}` : verb, opens: true }
}

const lastDecision = (events: readonly RunEvent[]): string => {
  const last = events.findLast((event) => event.type === 'order.taken' && /^(approve|reject)/.test(event.data.answer))
  return last?.type === 'order.taken' ? `: the last request was answered with ${last.data.verb} at ${last.at}` : ''
}

const guide = ({ id, by, args }: Order): Reaction => {
  const { text = '', part } = args as { text?: string; part?: SpecPart }
  const what = part
    ? `${part.rows} rows of the next spec are set aside for it`
    : 'kept for the analyst of the next rounds'
  return {
    answer: `guide: ${what}`,
    events: [{ type: 'guidance.given', data: { id, by, text, ...(part && { part }) } }],
  }
}

const changeBudget = ({ id, by, args }: Order): Reaction => {
  const change = args as Partial<Budget>
  const said = Object.entries(change).map(([key, value]) => `${key} ${value}`)
  return {
    answer: `budget: ${said.join(', ')}`,
    events: [{ type: 'budget.changed', data: { id, by, ...change } }],
  }
}

/** Takes back the last guidance or change of budget that still stands. */
const undo = ({ id, by }: Order, { events, budget }: Situation): Reaction => {
  const last = standing(events).at(-1)
  if (last?.type === 'guidance.given')
    return {
      answer: `undo: the guidance ${JSON.stringify(last.data.text.slice(0, 80))} is withdrawn`,
      events: [{ type: 'guidance.withdrawn', data: { id: last.data.id, by } }],
    }
  if (last?.type !== 'budget.changed' || !budget)
    return { answer: 'nothing to undo: no guidance and no change of budget stands' }
  const before = budgetAfter(budget, standing(events).slice(0, -1))
  const { id: _id, by: _by, undoes: _undoes, ...changed } = last.data
  const restored = Object.fromEntries(Object.keys(changed).map((key) => [key, before[key as keyof Budget]]))
  return {
    answer: `undo: the budget is back at ${Object.entries(restored)
      .map(([key, value]) => `${key} ${value}`)
      .join(', ')}`,
    events: [{ type: 'budget.changed', data: { ...restored, id, by, undoes: last.data.id } }],
  }
}

/** Guidance and changes of budget that were not taken back, the oldest first. */
export const standing = (events: readonly RunEvent[]): RunEvent<'guidance.given' | 'budget.changed'>[] => {
  let stands: RunEvent<'guidance.given' | 'budget.changed'>[] = []
  for (const event of events) {
    const taken = takenBack(event)
    if (taken !== undefined) stands = stands.filter(({ data }) => data.id !== taken)
    else if (event.type === 'guidance.given' || event.type === 'budget.changed') stands.push(event)
  }
  return stands
}

const takenBack = (event: RunEvent): string | undefined => {
  if (event.type === 'guidance.withdrawn') return event.data.id
  return event.type === 'budget.changed' ? event.data.undoes : undefined
}

/** The budget with all changes that stand. */
export const budgetAfter = (budget: Budget, events: readonly RunEvent[]): Budget => {
  const now = { ...budget }
  for (const event of standing(events)) {
    if (event.type !== 'budget.changed') continue
    const { id: _id, by: _by, undoes: _undoes, ...change } = event.data
    Object.assign(now, change)
  }
  return now
}

/** What people told the analyst; parts only as long as no spec was written since. */
export const guidanceIn = (events: readonly RunEvent[]): Guidance[] => {
  const spec = events.findLast(({ type }) => type === 'spec.written')?.seq ?? 0
  return standing(events).flatMap((event) => {
    if (event.type !== 'guidance.given') return []
    const { part: _spent, ...text } = event.data
    return [event.seq > spec ? event.data : text]
  })
}
