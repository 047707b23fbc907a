import { mulberry32, type Random, seedFrom, shuffle } from '../../skill.ts'

/** A set of tools that cannot be found in so many tries does not exist. */
const maxRepeats = 300

/**
 * The sets of tools that are shown with requests, each in a fixed order. Items share few menus, so that their prompts
 * begin alike in training and in serving. Every tool comes in about equally many and, while there is room, beside
 * every other one. They depend on the tools alone, so that another phrase pack is asked with the menus that were
 * trained; only where no menu holds all tools of one of `together`, further ones do.
 */
export const makeMenus = (
  names: readonly string[],
  together: readonly (readonly string[])[],
  { shown, count }: { readonly shown: number; readonly count: number },
): string[][] => {
  const size = Math.min(shown, names.length)
  const random = mulberry32(seedFrom('menus', ...names, size, count))
  const tally = new Tally()
  const menus: string[][] = []
  // few tools make few sets: the more often a set comes again, the more chance decides the next one
  for (let repeated = 0; menus.length < count && repeated < maxRepeats; ) {
    const menu = filled([], names, size, tally, random, repeated / 10)
    if (menus.some((known) => keyOf(known) === keyOf(menu))) repeated += 1
    else {
      repeated = 0
      menus.push(shuffle(random, menu))
      tally.add(menu)
    }
  }
  for (const needed of packed(uncovered(together, menus, size), size)) {
    const menu = filled(needed, names, size, tally, random, 0)
    menus.push(shuffle(random, menu))
    tally.add(menu)
  }
  return menus
}

const keyOf = (menu: readonly string[]) => [...menu].sort().join('|')

/** How often each tool was shown, alone and beside each other one. */
class Tally {
  private readonly counts = new Map<string, number>()

  add(menu: readonly string[]): void {
    for (const a of menu) for (const b of menu) this.counts.set(`${a}|${b}`, this.of(a, b) + 1)
  }

  of(a: string, b: string): number {
    return this.counts.get(`${a}|${b}`) ?? 0
  }
}

/** `start` and further tools: those that were shown least, and least beside the ones that are there. */
const filled = (
  start: readonly string[],
  names: readonly string[],
  size: number,
  tally: Tally,
  random: Random,
  blur: number,
): string[] => {
  const menu = [...start]
  while (menu.length < size) {
    const cost = (name: string) =>
      tally.of(name, name) + menu.reduce((sum, other) => sum + tally.of(name, other), 0) + random() * blur
    const [next] = shuffle(random, names)
      .filter((name) => !menu.includes(name))
      .map((name) => ({ name, cost: cost(name) }))
      .sort((a, b) => a.cost - b.cost)
    if (!next) break
    menu.push(next.name)
  }
  return menu
}

const uncovered = (together: readonly (readonly string[])[], menus: readonly (readonly string[])[], size: number) =>
  [...new Map(together.map((names) => [...new Set(names)]).map((names) => [keyOf(names), names])).entries()]
    .sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))
    .map(([, names]) => names)
    .filter((names) => names.length <= size && !menus.some((menu) => names.every((name) => menu.includes(name))))

/** Sets laid into as few menus as goes, the largest first. */
const packed = (sets: readonly (readonly string[])[], size: number): string[][] => {
  const menus: string[][] = []
  for (const names of sets) {
    const missing = (menu: readonly string[]) => names.filter((name) => !menu.includes(name))
    const roomy = menus.find((menu) => menu.length + missing(menu).length <= size)
    if (roomy) roomy.push(...missing(roomy))
    else menus.push([...names])
  }
  return menus
}
