import { Component, type ReactNode } from 'react'

/** A view that breaks says so in its place; the others go on. Another view, or a reload, begins anew. */
export class Fault extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {}

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  override render() {
    const { error } = this.state
    if (!error) return this.props.children
    return (
      <main>
        <p className="bad" role="alert">
          This view broke: {error.message} <code>view-broken</code>
        </p>
        <p>
          The run and its files are untouched. Another view goes on; where this one breaks again, the text above is what
          a bug report needs.
        </p>
        <button type="button" onClick={() => location.reload()}>
          Load the page again
        </button>
      </main>
    )
  }
}
