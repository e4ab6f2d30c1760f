/** The mark: a hull and the waves behind it. */
export function Mark() {
  return (
    <svg width="22" height="22" viewBox="0 0 32 32" fill="none" stroke="currentColor" strokeWidth="2.6" strokeLinecap="round" aria-hidden>
      <path d="M16 4l4 8h-8z" fill="currentColor" strokeLinejoin="round" />
      <path d="M13 15C11 20 8 24 4 28M19 15c2 5 5 9 9 13" />
      <path d="M14.5 18c-.8 4-2 7-4 10M17.5 18c.8 4 2 7 4 10" opacity=".55" />
    </svg>
  );
}
