import { diffWordsWithSpace } from 'diff'

/** What a reply has that the right answer lacks, and the other way round. Long texts are compared by their beginning. */
export const Diff = ({ from, to }: { from: string; to: string }) => (
  <p className="reply">
    {diffWordsWithSpace(from.slice(0, longest), to.slice(0, longest)).map((part, at) => {
      if (part.added) return <ins key={at}>{part.value}</ins>
      if (part.removed) return <del key={at}>{part.value}</del>
      return part.value
    })}
  </p>
)

const longest = 4_000
