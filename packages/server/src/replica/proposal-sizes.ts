/** How large the transactions are that a leader proposes, in bytes; −1 before the first. */
export class ProposalSizes {
  last = -1;
  min = -1;
  max = -1;

  add(bytes: number): void {
    this.last = bytes;
    if (this.min < 0 || bytes < this.min) this.min = bytes;
    if (bytes > this.max) this.max = bytes;
  }

  reset(): void {
    this.last = this.min = this.max = -1;
  }
}
