import type { ReactNode } from 'react';

/** A part of the pane with a heading. */
export function Section({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className="detail-section">
      <h3>
        {title}
        {aside && <span className="detail-section-aside">{aside}</span>}
      </h3>
      {children}
    </section>
  );
}

/** Names and values; a fact without a value is left out. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="detail-facts">{children}</dl>;
}

export function Fact({ name, children, mono }: { name: string; children: ReactNode; mono?: boolean }) {
  if (children === undefined || children === null || children === '' || children === false) return null;
  return (
    <>
      <dt>{name}</dt>
      <dd className={mono ? 'mono' : undefined}>{children}</dd>
    </>
  );
}
