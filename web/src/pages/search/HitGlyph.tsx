import type { Hit } from '../../api/types';

const names: Record<string, string> = { request: 'Request', revision: 'Revision', end: 'End of life', event: 'Event', gap: 'Gap', span: 'Span', progress: 'Progress' };

/** What a record is, as the timeline draws it: a tick, a bar, a cross, a diamond. */
export function HitGlyph({ hit }: { hit: Hit }) {
  const failed = (hit.request?.code ?? 0) >= 400;
  const warning = hit.event?.type === 'Warning';
  const tone = warning ? 'warning' : hit.kind === 'event' ? 'normal' : failed && hit.kind === 'request' ? 'failed' : hit.kind;
  const label = warning ? 'Warning' : failed && hit.kind === 'request' ? 'Failed request' : (names[hit.kind] ?? hit.kind);
  return (
    <svg className={`hit-glyph hit-glyph-${tone}`} width="12" height="12" viewBox="0 0 12 12" role="img" aria-label={label}>
      <title>{label}</title>
      {shapeOf(hit.kind, failed, warning)}
    </svg>
  );
}

function shapeOf(kind: string, failed: boolean, warning: boolean) {
  switch (kind) {
    case 'revision':
      return <rect x="1" y="3" width="10" height="6" rx="1.5" fill="currentColor" />;
    case 'end':
      return <path d="M2.5 2.5l7 7M9.5 2.5l-7 7" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />;
    case 'event':
      return warning ? (
        <path d="M6 .5L11.5 6 6 11.5.5 6z" fill="currentColor" />
      ) : (
        <path d="M6 1.5L10.5 6 6 10.5 1.5 6z" fill="none" stroke="currentColor" strokeWidth="1.5" />
      );
    case 'gap':
      return <path d="M1 9l8-8M3 11l8-8M1 4l3-3" stroke="currentColor" strokeWidth="1.4" />;
    case 'span':
      return <path d="M1 6h10M1 3.5v5M11 3.5v5" stroke="currentColor" strokeWidth="1.5" fill="none" />;
    default:
      return failed ? (
        <path d="M6 1v6.5M6 10.2v.6" stroke="currentColor" strokeWidth="2.2" strokeLinecap="round" />
      ) : (
        <path d="M6 1.5v9" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
      );
  }
}
