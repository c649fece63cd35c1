/** What the ledger says where a person gave no reason. */
export const NO_REASON = 'by hand';

interface ReasonFieldProps {
  readonly value: string;
  readonly onChange: (reason: string) => void;
  /** Where nothing is done without one. */
  readonly isNeeded?: boolean;
  readonly keptIn?: string | undefined;
}

/** Why something is done, for whoever reads it later. */
export function ReasonField({ value, onChange, isNeeded = false, keptIn = 'the ledger' }: ReasonFieldProps) {
  return (
    <label>
      Reason, kept in {keptIn}
      {isNeeded ? '' : `; left empty, it is “${NO_REASON}”`}
      <input maxLength={200} required={isNeeded} value={value} onChange={(event) => onChange(event.target.value)} />
    </label>
  );
}
