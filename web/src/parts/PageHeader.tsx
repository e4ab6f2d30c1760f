import type { ReactNode } from 'react';
import './PageHeader.css';

/** The first line of a page: what it is, and at the right what belongs to it (window, switches). */
export function PageHeader({ title, sub, children }: { title: ReactNode; sub?: ReactNode; children?: ReactNode }) {
  return (
    <div className="page-header">
      <div className="page-header-words">
        <h1>{title}</h1>
        {sub && <div className="page-header-sub">{sub}</div>}
      </div>
      {children && <div className="page-header-tools">{children}</div>}
    </div>
  );
}
