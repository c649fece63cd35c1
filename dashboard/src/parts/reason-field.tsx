/** What the ledger says where a person gave no reason. */
export const NO_REASON = 'by hand';

interface ReasonFieldProps {
  readonly value: string;
  readonly onChange: (reason: string) => void;
  /** Where nothing is done without one. */
  readonly isNeeded?: boolean;
}

/** Why something is done, for whoever reads the ledger later. */
export function ReasonField({ value, onChange, isNeeded = false }: ReasonFieldProps) {
  return (
    <label>
      Reason, kept in the ledger{isNeeded ? '' : `; left empty, it is “${NO_REASON}”`}
      <input maxLength={200} required={isNeeded} value={value} onChange={(event) => onChange(event.target.value)} />
    </label>
  );
}
