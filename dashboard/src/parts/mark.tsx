/** The load line of a ship: a disc and the line that must stay above the water. */
export function Mark({ size = 26 }: { readonly size?: number }) {
  return (
    <svg className="mark" viewBox="0 0 32 32" width={size} height={size} aria-hidden="true">
      <circle cx="16" cy="16" r="10" fill="none" strokeWidth="3" className="mark-disc" />
      <path d="M1 16h30" strokeWidth="3.4" className="mark-line" />
    </svg>
  );
}
