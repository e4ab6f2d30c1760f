import { examples } from './examples';

/** Filters to begin with. */
export function Examples({ choose }: { choose: (filter: string) => void }) {
  return (
    <div className="search-examples">
      <p>
        A filter is one expression in CEL, the language of Kubernetes’ admission policies, about one record: the <code>request</code> that was made, the{' '}
        <code>object</code> after it and the <code>oldObject</code> before it, an <code>event</code>. Begin to write and choose from what is offered, or begin with one of these:
      </p>
      <div>
        {examples.map((group) => (
          <section key={group.title} aria-label={group.title}>
            <h2>{group.title}</h2>
            <ul>
              {group.examples.map((example) => (
                <li key={example.title}>
                  <button type="button" onClick={() => choose(example.filter)}>
                    <span>{example.title}</span>
                    <code>{example.filter}</code>
                  </button>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </div>
  );
}
